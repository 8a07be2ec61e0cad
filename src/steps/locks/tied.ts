import type { Queryable } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import { readsTable } from "../swap/belongings/views.ts"

/**
 * The table, and all that an exchange of its name has to lock with it: views and materialized views that read it, tables that
 * foreign keys point from, and to, the table that it is a partition of with all its others.
 */
export async function readTied(db: Queryable, oid: number): Promise<number[]> {
  const { rows } = await db.query<{ oid: number }>(sql`
    select ${oid}::oid as oid
    union
    select r.ev_class from pg_rewrite r where ${readsTable(oid)}
    union
    select o.conrelid from pg_constraint o where o.contype = 'f' and o.confrelid = ${oid}
    union
    select o.confrelid from pg_constraint o where o.contype = 'f' and o.conrelid = ${oid}
    union
    select tree.relid from pg_inherits i cross join lateral pg_partition_tree(i.inhparent) as tree where i.inhrelid = ${oid}`)
  return rows.map((row) => row.oid)
}
