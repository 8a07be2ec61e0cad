import { type Queryable, readOne } from "../../../postgres/Queryable.ts"
import { sql } from "../../../postgres/sql.ts"
import type { Sample } from "../../../steps/preflight/sampleKeys.ts"
import { lanesOf } from "../../../steps/throttle/paceOf.ts"
import type { Run } from "../../../store/runs.ts"

/** What a run will take. Sizes are bytes. */
export type Estimates = {
  readonly rows: number
  readonly bytes: number
  readonly diskNeededBytes: number
  readonly walBytes: number
  readonly durationMs: number
  /** Whether the rows were counted, or scaled from a sample of blocks. */
  readonly isSampled: boolean
}

/**
 * Copy, indexes and proof together take about twelve times as long as reading the heap (measured on flights, 3 M rows); how fast this
 * server reads was just seen.
 */
const costOfReading = 12

export async function estimate(db: Queryable, run: Run, sample: Sample): Promise<Estimates> {
  const { heap, indexes } = await readOne<{ heap: number; indexes: number }>(
    db,
    sql`
    select pg_table_size(${run.sourceOid}::oid)::float8 as heap, pg_indexes_size(${run.sourceOid}::oid)::float8 as indexes`,
  )
  const msPerByte = sample.readBytes === 0 ? 0 : sample.tookMs / sample.readBytes
  return {
    rows: sample.rows,
    bytes: heap + indexes,
    // The new table beside the old one; a tenth for what is written meanwhile, and for sorting.
    diskNeededBytes: Math.round((heap + indexes) * 1.1),
    walBytes: Math.round(heap * 1.05 + indexes),
    durationMs: Math.round((heap * msPerByte * costOfReading) / lanesOf(run.options)),
    isSampled: !sample.isWhole,
  }
}
