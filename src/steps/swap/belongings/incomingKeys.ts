import type { Queryable } from "../../../postgres/Queryable.ts"
import { type Sql, ident, raw, sql } from "../../../postgres/sql.ts"
import type { IncomingKey } from "../../../store/Blueprint.ts"
import type { Run } from "../../../store/runs.ts"
import { readIncomingKeys } from "../../source/readIncomingKeys.ts"
import { requireBlueprint } from "../../requireBlueprint.ts"
import type { Reading } from "../Reading.ts"
import type { Belonging } from "../exchange.ts"

/**
 * Foreign keys of other tables that point to this one. Where the columns they point to hold the partition key they are
 * made anew on the table in front, NOT VALID, and validated afterwards; others cannot point to a partitioned table, and were accepted as
 * lost (`--incoming-fks drop`): a rollback makes them again. Both take SHARE ROW EXCLUSIVE or more on the other table.
 */
export const incomingKeys: Belonging = {
  read: async (db, { run, front, isForward }) => {
    const present = await readIncomingKeys(db, front.oid, run.key.column)
    const planned = requireBlueprint(run).incomingKeys
    const wanted = [...present, ...planned.filter((one) => !present.some((other) => isSame(one, other)))]
    return {
      take: present.map(dropStatement),
      give: wanted.filter((key) => key.holdsPartitionKey || !isForward).map(addStatement),
    }
  },
  mark: ({ front }) => sql`
    select string_agg(concat_ws('/', o.oid, o.xmin), ' ' order by o.oid) from pg_constraint o where o.confrelid = ${front.oid}`,
}

export function dropStatement(key: IncomingKey): Sql {
  return sql`alter table ${onTable(key)} drop constraint ${ident(key.name)}`
}

/** NOT VALID: no row is read. */
export function addStatement(key: IncomingKey): Sql {
  return sql`alter table ${onTable(key)} add constraint ${ident(key.name)} ${raw(key.definition)} not valid`
}

export function validateStatement(key: IncomingKey): Sql {
  return sql`alter table ${onTable(key)} validate constraint ${ident(key.name)}`
}

/**
 * Locks the tables that point here before the table itself: their writers lock them first too, for the check of the key comes
 * after the write. The other way round, each would hold what the other waits for.
 */
export function lockStatements(keys: readonly IncomingKey[]): Sql[] {
  return [...new Set(keys.map((key) => onTable(key).text))].map(
    (name) => sql`lock table only ${raw(name)} in access exclusive mode`,
  )
}

/** VALIDATE reads both tables under weak locks, so that nobody waits. A key that was NOT VALID before the run stays so. */
export async function unreadIncomingKeys(db: Queryable, run: Run, oid: number): Promise<Reading[]> {
  const before = requireBlueprint(run).incomingKeys
  const wasInvalid = (key: IncomingKey): boolean => before.some((one) => isSame(one, key) && !one.isValidated)
  return (await readIncomingKeys(db, oid, run.key.column))
    .filter((key) => !key.isValidated && !wasInvalid(key))
    .map((key) => [validateStatement(key)])
}

/** The statements that a run will need; the plan shows them. */
export function plannedIncomingValidation(run: Run): Sql[] {
  return requireBlueprint(run)
    .incomingKeys.filter((key) => key.holdsPartitionKey && key.isValidated)
    .map(validateStatement)
}

export function isSame(one: IncomingKey, other: IncomingKey): boolean {
  return one.schema === other.schema && one.table === other.table && one.name === other.name
}

function onTable({ schema, table }: IncomingKey): Sql {
  return ident(schema, table)
}
