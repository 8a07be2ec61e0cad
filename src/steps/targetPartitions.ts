import type { TableName } from "../domain/tableName.ts"
import { type Queryable, readOne } from "../postgres/Queryable.ts"
import { sql } from "../postgres/sql.ts"
import type { Run } from "../store/runs.ts"

/** A partition of the target as the catalog has it; bounds are null for the default partition. */
export type TargetPartition = {
  readonly oid: number
  readonly name: string
  readonly schema: string
  /** `pg_class.relkind`. */
  readonly kind: string
  readonly from: string | null
  readonly to: string | null
}

/** The partitions that are attached to the target. Bounds are read from the catalog and written in the key's type. */
export async function readTargetPartitions(db: Queryable, run: Pick<Run, "targetOid">): Promise<TargetPartition[]> {
  const { rows } = await db.query<TargetPartition & { bound: string }>(sql`
    select c.oid, c.relname as name, n.nspname as schema, c.relkind as kind, pg_get_expr(c.relpartbound, c.oid) as bound
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    join pg_namespace n on n.oid = c.relnamespace
    where i.inhparent = ${run.targetOid}
    order by c.relname`)
  return rows.map(({ bound, ...partition }) => ({ ...partition, ...parseBound(bound) }))
}

export async function isAttached(
  db: Queryable,
  run: Pick<Run, "targetOid">,
  { schema, name }: TableName,
): Promise<boolean> {
  const { is } = await readOne<{ is: boolean }>(
    db,
    sql`
    select exists (select from pg_inherits i
                   join pg_class c on c.oid = i.inhrelid
                   join pg_namespace n on n.oid = c.relnamespace
                   where i.inhparent = ${run.targetOid} and n.nspname = ${schema} and c.relname = ${name}) as is`,
  )
  return is
}

/** PostgreSQL writes `FOR VALUES FROM ('2025-11-01') TO ('2025-12-01')`, or `DEFAULT`; edges may be MINVALUE, MAXVALUE. */
function parseBound(bound: string): { from: string | null; to: string | null } {
  const found = /^FOR VALUES FROM \((?:'([^']*)'|(\w+))\) TO \((?:'([^']*)'|(\w+))\)$/.exec(bound)
  if (found === null) return { from: null, to: null }
  return { from: found[1] ?? found[2] ?? null, to: found[3] ?? found[4] ?? null }
}
