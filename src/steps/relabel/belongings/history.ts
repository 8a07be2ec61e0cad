import type { TableName } from "../../../domain/tableName.ts"
import type { Queryable } from "../../../postgres/Queryable.ts"
import { describeTable } from "../../../postgres/catalog/describeTable.ts"
import { type Sql, ident, join, sql, table } from "../../../postgres/sql.ts"
import { unbounded } from "../../../store/partitions.ts"
import type { Run } from "../../../store/runs.ts"
import { boundsCheck, partitionClause } from "../../partitionTable.ts"
import { indexComments, replicaIdentity } from "../../prep/settings.ts"
import { requireBlueprint } from "../../requireBlueprint.ts"
import { readGrants, revokeAll } from "../../swap/belongings/grants.ts"
import type { Belonging, Exchange } from "../../swap/exchange.ts"
import { requireBoundary } from "../layOut.ts"
import { extendedKey, historyObjectName, oldKeyName } from "../relabels.ts"

/**
 * The table itself, as a partition. On the way there it takes the extended primary key by the index that prep built, gives up
 * its grants, which would go around row security, and is attached without a scan: its CHECK implies the bounds. On the way
 * back it is detached, takes the rows past the boundary, and its old primary key.
 */
export const history: Belonging = {
  read: async (db, exchange) =>
    exchange.isForward
      ? { take: await readParting(db, exchange), give: attachStatements(exchange) }
      : { take: await readReturn(db, exchange), give: [] },
}

/** ACCESS EXCLUSIVE on the table is held already; none of these reads a row. */
async function readParting(db: Queryable, { run, table: name, front }: Exchange): Promise<Sql[]> {
  const { owner } = requireBlueprint(run).source
  const others = [...new Set((await readGrants(db, front.oid)).map((grant) => grant.grantee))].filter(
    (grantee) => grantee !== owner,
  )
  const on = table(name)
  return [...others.map((grantee) => revokeAll(on, grantee)), ...newKeyStatements(run, on)]
}

function newKeyStatements(run: Run, on: Sql): Sql[] {
  const { source } = requireBlueprint(run)
  const key = extendedKey(source, run.key.column)
  if (key === undefined) return []
  const name = historyObjectName(key.name)
  return [
    ...(isNullable(run) ? [sql`alter table ${on} alter column ${ident(run.key.column)} set not null`] : []),
    sql`alter table ${on} drop constraint ${ident(key.name)}`,
    sql`alter table ${on} add constraint ${ident(name)} primary key using index ${ident(name)}`,
    ...marksOfKey(run, on, name),
  ]
}

/** What hung on the old primary key's index and goes with it. */
function marksOfKey(run: Run, on: Sql, name: string): Sql[] {
  const { source } = requireBlueprint(run)
  const key = extendedKey(source, run.key.column)
  return [
    ...(key?.isClustered === true ? [sql`alter table ${on} cluster on ${ident(name)}`] : []),
    ...(source.replicaIndex === key?.name ? replicaIdentity(source, on, () => name) : []),
  ]
}

function attachStatements({ run, table: name, front }: Exchange): Sql[] {
  const bounds = { from: unbounded, to: requireBoundary(run).edge }
  return [
    sql`alter table ${table(name)} attach partition ${table(front.parked)} ${partitionClause(bounds)}`,
    sql`alter table ${table(front.parked)} drop constraint ${ident(boundsCheck)}`,
  ]
}

/** The rows are moved once nothing but the months ahead is left in the partitioned table. */
async function readReturn(db: Queryable, { run, table: name, front, back }: Exchange): Promise<Sql[]> {
  const now = await describeTable(db, front.oid)
  const columns = join((now?.columns ?? []).filter((one) => one.generated === "").map((one) => ident(one.name)))
  return [
    sql`alter table ${table(name)} detach partition ${table(back.parked)}`,
    sql`insert into ${table(back.parked)} (${columns}) overriding system value select ${columns} from ${table(name)}`,
    ...oldKeyStatements(run, back.parked),
  ]
}

function oldKeyStatements(run: Run, parked: TableName): Sql[] {
  const { source } = requireBlueprint(run)
  const on = table(parked)
  const key = extendedKey(source, run.key.column)
  if (key === undefined) return []
  const name = historyObjectName(key.name)
  return [
    sql`alter table ${on} drop constraint ${ident(name)}`,
    sql`alter table ${on} add constraint ${ident(name)} primary key using index ${ident(oldKeyName(key.name))}`,
    ...(isNullable(run) ? [sql`alter table ${on} alter column ${ident(run.key.column)} drop not null`] : []),
    ...marksOfKey(run, on, name),
    ...indexComments({ ...source, indexes: [key] }, parked, () => name),
  ]
}

function isNullable(run: Run): boolean {
  return requireBlueprint(run).source.columns.some((one) => one.name === run.key.column && !one.isNotNull)
}
