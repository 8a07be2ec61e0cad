import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { type Sql, sql } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"

/** How many rows of a month a batch held. */
export type Loaded = { readonly partition: string; readonly rows: number }

/**
 * Executes an INSERT into the loader, and says how many rows came to which month. The server counts them as it inserts
 * (pg_stat_get_xact_tuples_inserted), for nothing; to have each row returned, and grouped, is an eighth of the work. Where
 * track_counts is off it has to be.
 */
export async function loadMonths(tx: Queryable, run: Run, insert: Sql): Promise<Loaded[]> {
  const { counts } = await readOne<{ counts: boolean }>(
    tx,
    sql`select current_setting('track_counts')::boolean as counts`,
  )
  if (!counts) return (await tx.query<Loaded>(returning(run, insert))).rows
  // What the session inserted before, in other transactions too, may still be among them.
  const before = new Map((await readInserted(tx, run)).map((one) => [one.partition, one.rows]))
  const { rowCount } = await tx.query(insert)
  const loaded = (await readInserted(tx, run))
    .map(({ partition, rows }) => ({ partition, rows: rows - (before.get(partition) ?? 0) }))
    .filter(({ rows }) => rows > 0)
  const counted = loaded.reduce((sum, { rows }) => sum + rows, 0)
  if (counted !== rowCount) throw new Error(`${rowCount} rows were inserted, and ${counted} counted`)
  return loaded
}

async function readInserted(tx: Queryable, run: Run): Promise<Loaded[]> {
  const { rows } = await tx.query<Loaded>(sql`
    select id as partition, pg_stat_get_xact_tuples_inserted(table_oid)::float8 as rows
    from cutover.partitions
    where run_id = ${run.id} and table_oid is not null`)
  return rows
}

function returning(run: Run, insert: Sql): Sql {
  return sql`
    with cutover_written as (${insert} returning tableoid)
    select p.id as partition, w.rows
    from (select tableoid, count(*)::int as rows from cutover_written group by tableoid) as w
    join cutover.partitions p on p.run_id = ${run.id} and p.table_oid = w.tableoid`
}
