import { isDeepStrictEqual } from "node:util"
import { renderTableName } from "../../domain/tableName.ts"
import { type Queryable, findOne } from "../../postgres/Queryable.ts"
import { describeTable } from "../../postgres/catalog/describeTable.ts"
import { type Sql, ident, join, literal, sql, table } from "../../postgres/sql.ts"
import type { Place } from "../../store/Blueprint.ts"
import { unbounded } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { readIncomingKeys } from "../source/readIncomingKeys.ts"
import { readTargetPartitions } from "../targetPartitions.ts"

/** The CHECK of a place: it stands in for the bounds in the whole, so that ATTACH reads no row. */
export const placeCheck = "cutover_place"

/** The upper bound of a partition of all that is to come, as PostgreSQL writes it. */
const endless = "MAXVALUE"

/** The place of a run whose source is a partition; undefined for a table of its own. */
export function placeOf({ blueprint }: Pick<Run, "blueprint">): Place | undefined {
  return blueprint?.place
}

export function requirePlace(run: Pick<Run, "id" | "blueprint">): Place {
  const place = placeOf(run)
  if (place === undefined) throw new Error(`run ${run.id} splits no partition`)
  return place
}

/** Where a partition stands in its whole; undefined for a table that is none, and where its bounds are no range of one column. */
export async function findPlace(db: Queryable, oid: number, keyColumn: string): Promise<Place | undefined> {
  const parent = await findOne<{ readonly oid: number }>(
    db,
    sql`select i.inhparent as oid from pg_inherits i join pg_class c on c.oid = i.inhparent and c.relkind = 'p' where i.inhrelid = ${oid}`,
  )
  const whole = parent === undefined ? undefined : await describeTable(db, parent.oid)
  if (whole === undefined) return undefined
  const partitions = await readTargetPartitions(db, { targetOid: whole.oid })
  const { from, to } = partitions.find((one) => one.oid === oid) ?? { from: null, to: null }
  if (from === null || to === null) return undefined
  return {
    whole: { schema: whole.schema, name: whole.name },
    wholeOid: whole.oid,
    from,
    to,
    foreignKeys: whole.foreignKeys,
    incomingKeys: await readIncomingKeys(db, whole.oid, keyColumn),
  }
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

/** In words, what of a place is not as it was. */
export function differencesOfPlace(before: Place, now: Place | undefined): string[] {
  if (now === undefined) return [`it is not the partition ${renderPlace(before)} any more`]
  return [
    ...(renderPlace(now) === renderPlace(before) && now.wholeOid === before.wholeOid
      ? []
      : [`it was the partition ${renderPlace(before)}, and is the one ${renderPlace(now)}`]),
    ...(["foreignKeys", "incomingKeys"] as const)
      .filter((keys) => !isDeepStrictEqual(now[keys], before[keys]))
      .map((keys) =>
        keys === "foreignKeys"
          ? `the foreign keys of ${renderTableName(before.whole)} are others`
          : `the foreign keys that point to ${renderTableName(before.whole)} are others`,
      ),
  ]
}
