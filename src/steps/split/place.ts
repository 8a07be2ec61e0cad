import { type TableName, renderTableName } from "../../domain/tableName.ts"
import { type Queryable, findOne } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, literal, sql, table } from "../../postgres/sql.ts"
import type { Place } from "../../store/Blueprint.ts"
import { unbounded } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { readTargetPartitions } from "../targetPartitions.ts"

/** The CHECK of a place: it stands in for the bounds in the whole, so that ATTACH reads no row. */
export const placeCheck = "cutover_place"

/** The upper bound of a partition of all that is to come, as PostgreSQL writes it. */
const endless = "MAXVALUE"

/** The place of a run whose source is a partition; undefined for a table of its own. */
export function placeOf({ blueprint }: Pick<Run, "blueprint">): Place | undefined {
  return blueprint?.place
}

/** Where a partition stands in its whole; undefined for a table that is none, and where its bounds are no range of one column. */
export async function findPlace(db: Queryable, oid: number): Promise<Place | undefined> {
  const whole = await findOne<TableName & { readonly oid: number }>(
    db,
    sql`
    select c.oid, n.nspname as schema, c.relname as name
    from pg_inherits i
    join pg_class c on c.oid = i.inhparent and c.relkind = 'p'
    join pg_namespace n on n.oid = c.relnamespace
    where i.inhrelid = ${oid}`,
  )
  if (whole === undefined) return undefined
  const partitions = await readTargetPartitions(db, { targetOid: whole.oid })
  const { from, to } = partitions.find((one) => one.oid === oid) ?? { from: null, to: null }
  if (from === null || to === null) return undefined
  return { whole: { schema: whole.schema, name: whole.name }, wholeOid: whole.oid, from, to }
}

/** The whole, by the name it had when writes were guarded: a renamed one is told by the mark of the swap. */
export function wholeTable({ whole }: Place): Sql {
  return table(whole)
}

/** An edge of an interval, not beyond those of the place: what is outside is other partitions' of the whole. */
export function withinPlace(place: Place | undefined, edge: Sql, type: Sql): Sql {
  if (place === undefined) return edge
  const notBefore = place.from === unbounded ? edge : sql`greatest(${edge}, ${literal(place.from)}::${type})`
  return place.to === endless ? notBefore : sql`least(${notBefore}, ${literal(place.to)}::${type})`
}

/** What a CHECK has to say to imply the bounds of the place. The IS NOT NULL is a part of every partition's constraint. */
export function checkOfPlace(run: Pick<Run, "key">, { from, to }: Place): Sql {
  const key = ident(run.key.column)
  const type = ident("pg_catalog", run.key.type)
  return join(
    [
      sql`${key} is not null`,
      ...(from === unbounded ? [] : [sql`${key} >= ${literal(from)}::${type}`]),
      ...(to === endless ? [] : [sql`${key} < ${literal(to)}::${type}`]),
    ],
    " and ",
  )
}

/** As a person reads it: `from 2024-01-01 to 2024-07-01 in public.t`. */
export function renderPlace({ whole, from, to }: Place): string {
  return `from ${from} to ${to} in ${renderTableName(whole)}`
}
