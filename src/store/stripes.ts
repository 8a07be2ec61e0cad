import { type Queryable, readOne } from "../postgres/Queryable.ts"
import { sql } from "../postgres/sql.ts"

/** A stretch of the source's heap that one sweep goes through: blocks `from` inclusive, `to` exclusive. */
export type Stripe = {
  readonly runId: string
  readonly n: number
  readonly to: number
  /** The checkpoint: blocks before it are copied. */
  readonly next: number
  readonly tick: number
}

/** Cuts the heap into stripes of equal length. */
export async function createStripes(tx: Queryable, runId: string, heapBlocks: number, count: number): Promise<void> {
  await tx.query(sql`
    insert into cutover.stripes (run_id, n, from_block, to_block, next_block)
    select ${runId}, n, from_block, to_block, from_block
    from (
      select n, (n - 1) * ${heapBlocks}::bigint / ${count}::bigint as from_block,
             n * ${heapBlocks}::bigint / ${count}::bigint as to_block
      from generate_series(1, ${count}::bigint) as n
    ) as cut`)
}

export async function readStripes(db: Queryable, runId: string): Promise<Stripe[]> {
  const { rows } = await db.query<StripeRow>(sql`select * from cutover.stripes where run_id = ${runId} order by n`)
  return rows.map(toStripe)
}

export async function readStripe(db: Queryable, runId: string, n: number): Promise<Stripe> {
  return toStripe(await readOne<StripeRow>(db, sql`select * from cutover.stripes where run_id = ${runId} and n = ${n}`))
}

/** The checkpoint of a batch, in the transaction that copied its rows. */
export async function saveSwept(tx: Queryable, { runId, n }: Stripe, next: number): Promise<void> {
  await tx.query(sql`
    update cutover.stripes
    set next_block = ${next}, batches = batches + 1, tick = tick + 1
    where run_id = ${runId} and n = ${n}`)
}

export function isSwept({ next, to }: Stripe): boolean {
  return next >= to
}

type StripeRow = { run_id: string; n: number; to_block: string; next_block: string; tick: string }

function toStripe(row: StripeRow): Stripe {
  return {
    runId: row.run_id,
    n: row.n,
    to: Number(row.to_block),
    next: Number(row.next_block),
    tick: Number(row.tick),
  }
}
