import { type Queryable, findOne } from "../../postgres/Queryable.ts"
import type { TableName } from "../../domain/tableName.ts"
import { type Sql, join, literal, sql, table } from "../../postgres/sql.ts"

/** A table that is being loaded, and how many blocks it had before a batch. */
export type Loading = TableName & { readonly blocks: number }

/**
 * The tables that `which` chooses of `c`, before a batch; none where the blocks that are to be loaded are so few that hardly a checkpoint
 * comes between their copy and their indexes: one begins after about half of max_wal_size.
 */
export async function readLoading(tx: Queryable, which: Sql, blocksInAll: number): Promise<Loading[]> {
  const blockSize = sql`current_setting('block_size')::bigint`
  const { rows } = await tx.query<Loading>(sql`
    select n.nspname as schema, c.relname as name, (pg_relation_size(c.oid) / ${blockSize})::float8 as blocks
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where ${which}
      and ${blocksInAll}::bigint * ${blockSize} > pg_size_bytes(current_setting('max_wal_size')) / 2`)
  return rows
}

/**
 * Reads the rows that a batch has just committed. Whoever reads a row first notes in it that it was committed (a hint bit), and so
 * changes its page; with checksums, the first change of a page after a checkpoint writes the whole page to WAL (PostgreSQL manual,
 * wal_log_hints). Done now, the page is in memory, and changed anyway. Left to the index builds, which checkpoints may have come before,
 * each page is written, and logged, once more.
 */
export async function hintRows(db: Queryable, loading: readonly Loading[]): Promise<void> {
  const statement = sql`select sum(rows) as rows from (${join(loading.map(newRows), " union all ")}) as cutover_new`
  // It is upkeep: a table that is gone, or a connection, must not fail the batch that is done.
  await findOne(db, statement).catch(() => {})
}

/** From the last block on that there was: it may have had room. */
function newRows({ blocks, ...name }: Loading): Sql {
  const from = literal(`(${Math.max(0, blocks - 1)},0)`)
  return sql`select count(*) as rows from only ${table(name)} where ctid >= ${from}::tid`
}
