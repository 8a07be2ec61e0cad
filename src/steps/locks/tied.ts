import type { Queryable } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import { readsTable } from "../swap/belongings/views.ts"

/**
 * The table, and all that an exchange of its name has to lock with it: views and materialized views that read it; where it is a
 * partition, the whole with its other partitions; tables that foreign keys of all these point from, and to.
 */
export async function readTied(db: Queryable, oid: number): Promise<number[]> {
  const { rows } = await db.query<{ oid: number }>(sql`
    with own as (
      select ${oid}::oid as oid
      union
      select tree.relid
      from pg_inherits i
      cross join lateral pg_partition_tree(i.inhparent) as tree
      where i.inhrelid = ${oid}
    )
    select oid from own
    union
    select r.ev_class from pg_rewrite r where ${readsTable(oid)}
    union
    select o.conrelid from pg_constraint o join own on own.oid = o.confrelid where o.contype = 'f'
    union
    select o.confrelid from pg_constraint o join own on own.oid = o.conrelid where o.contype = 'f'`)
  return rows.map((row) => row.oid)
}
