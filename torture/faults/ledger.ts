import type { TestDatabase } from "../../test/support/database.ts"

export type Ledger = {
  readonly failures: readonly string[]
  readonly batches: number
  /** How often a job was given to another worker. */
  readonly retries: number
}

/** Whether each batch counts once: no gap and no double in the numbers, no block copied twice, and, where nobody writes, the sums as the months say. */
export async function differencesOfLedger(database: TestDatabase): Promise<Ledger> {
  const wrong = await database.query<{ line: string }>(`
    select format('batches of %s are numbered %s to %s, and there are %s', p.label, min(b.seq), max(b.seq), count(*)) as line
      from cutover.batches b join cutover.partitions p on p.id = b.partition_id
      group by p.id having min(b.seq) <> 1 or max(b.seq) <> count(*) or count(distinct b.seq) <> count(*)
    union all
    select format('batches %s and %s of %s both copied block %s', a.seq, b.seq, p.label, greatest(a.from_block, b.from_block))
      from cutover.batches a
      join cutover.batches b on b.partition_id = a.partition_id and b.seq > a.seq
       and int8range(a.from_block, a.to_block) && int8range(b.from_block, b.to_block)
      join cutover.partitions p on p.id = a.partition_id
    union all
    select format('%s says %s rows in %s batches, and its batches say %s in %s', p.label, p.rows_copied, p.batches, coalesce(sum(b.rows), 0), count(b.seq))
      from cutover.partitions p left join cutover.batches b on b.partition_id = p.id
      where exists (select from cutover.runs r where r.id = p.run_id and r.strategy = 'months' and r.options ->> 'writes' = 'block')
      group by p.id having p.rows_copied <> coalesce(sum(b.rows), 0) or p.batches <> count(b.seq)
    union all
    select format('%s was begun %s times', label, attempts) from cutover.partitions where attempts > 1
    union all
    select format('the log says %s of %s %s times', kind, partition, count(*)) from cutover.log
      where kind in ('partition.copied', 'partition.validated', 'attach.completed') group by kind, partition having count(*) > 1`)
  const [sums] = await database.query<{ batches: number; retries: number }>(`
    select (select count(*)::int from cutover.batches) as batches,
           (select coalesce(sum(retry_count), 0)::int from cutover_jobs.job) as retries`)
  return { failures: wrong.map((row) => row.line), batches: sums?.batches ?? 0, retries: sums?.retries ?? 0 }
}
