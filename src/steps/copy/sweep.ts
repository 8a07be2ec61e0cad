import { nextBatchBlocks } from "../../domain/pace.ts"
import type { BlockRange } from "../../domain/blockRanges.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, sql, table } from "../../postgres/sql.ts"
import { type Run, saveRunFacts } from "../../store/runs.ts"
import { type Stripe, saveSwept } from "../../store/stripes.ts"
import type { StripeStep } from "../Step.ts"
import { takenByPartition } from "../changes/strays.ts"
import { keyByBlocks } from "../keyExpression.ts"
import { requireBlueprint } from "../requireBlueprint.ts"
import { watchSource } from "../source/watchSource.ts"
import { paceOf } from "../throttle/paceOf.ts"
import { withinBlocks } from "../blocks.ts"
import { hintRows, readLoading } from "./hintRows.ts"
import { type Loaded, loadMonths } from "./loadMonths.ts"
import { loaderOf } from "./loader.ts"

/**
 * Copies the next blocks of a stripe, rows of all months as they come, and leaves the checkpoint in the same transaction.
 * Where each block holds rows of many months the heap is read once this way, and not once per month.
 */
export const sweep: StripeStep = async ({ tx, run }, stripe) => {
  await watchSource({ tx, run })
  const to = Math.min(stripe.to, stripe.next + run.batchBlocks)
  const loading = await readLoading(tx, ofLoader(run), run.heapBlocks ?? 0)
  const startedAt = performance.now()
  const rows = await loadMonths(tx, run, await insertStatement(tx, run, { from: stripe.next, to }))
  const elapsedMs = performance.now() - startedAt
  await saveLoaded(tx, rows, { from: stripe.next, to, elapsedMs })
  await saveSwept(tx, stripe, to)
  const all = rows.reduce((sum, one) => sum + one.rows, 0)
  await savePace(tx, run, stripe, { blocks: to - stripe.next, elapsedMs, rows: all })
  return loading.length === 0 ? undefined : async (db) => await hintRows(db, loading)
}

/** Chooses the tables of the months of `c`. */
function ofLoader(run: Run): Sql {
  const { schema, name } = loaderOf(run)
  return sql`c.oid in (
    select i.inhrelid
    from pg_inherits i
    join pg_class p on p.oid = i.inhparent
    join pg_namespace pn on pn.oid = p.relnamespace
    where pn.nspname = ${schema} and p.relname = ${name})`
}

/** Rows that no month takes were written since the survey; they are in the change log, and come by replay. */
async function insertStatement(tx: Queryable, run: Run, range: BlockRange): Promise<Sql> {
  const columns = join(requireBlueprint(run).columns.map((name) => ident(name)))
  return sql`
    insert into ${table(loaderOf(run))} (${columns})
    select ${columns}
    from only ${table(run.table)} as cutover_source
    where ${withinBlocks(range)} and (${await takenByPartition(tx, run, keyByBlocks(run, "cutover_source"))})`
}

type Batch = { readonly from: number; readonly to: number; readonly elapsedMs: number }

/** The progress of each month that the batch held rows of. Rows are locked in one order: other stripes write them too. */
async function saveLoaded(tx: Queryable, rows: readonly Loaded[], { from, to, elapsedMs }: Batch): Promise<void> {
  const ids = rows.map((one) => one.partition)
  await tx.query(sql`select from cutover.partitions where id = any (${ids}::bigint[]) order by id for no key update`)
  await tx.query(sql`
    with loaded as (
      select * from unnest(${ids}::bigint[], ${rows.map((one) => one.rows)}::bigint[]) as one (id, rows)
    ), counted as (
      update cutover.partitions p
      set rows_copied = p.rows_copied + loaded.rows,
          batches = p.batches + 1,
          started_at = coalesce(p.started_at, clock_timestamp())
      from loaded
      where p.id = loaded.id
      returning p.id, p.batches as seq, loaded.rows
    )
    insert into cutover.batches (partition_id, seq, from_block, to_block, rows, elapsed_ms)
    select id, seq, ${from}::bigint, ${to}::bigint, rows, ${elapsedMs}::float8 from counted`)
}

/** The last batch of a stripe is short, and says nothing about pace. */
async function savePace(
  tx: Queryable,
  run: Run,
  stripe: Stripe,
  { blocks, elapsedMs, rows }: { readonly blocks: number; readonly elapsedMs: number; readonly rows: number },
): Promise<void> {
  if (blocks < run.batchBlocks || stripe.next + blocks >= stripe.to) return
  const batchBlocks = nextBatchBlocks({ blocks, elapsedMs, rows, ...paceOf(run.options) })
  await saveRunFacts(tx, run.id, { batchBlocks })
}
