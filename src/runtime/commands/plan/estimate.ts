import { type Queryable, readOne } from "../../../postgres/Queryable.ts"
import { sql } from "../../../postgres/sql.ts"
import type { Sample } from "../../../steps/preflight/sampleKeys.ts"
import { bytesOfNewKey } from "../../../steps/preflight/table/checkSpace.ts"
import { keyIndexes } from "../../../steps/relabel/keyIndexes.ts"
import { relabels } from "../../../steps/relabel/relabels.ts"
import { requireBlueprint } from "../../../steps/requireBlueprint.ts"
import { lanesOf } from "../../../steps/throttle/lanes.ts"
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

/** To build an index CONCURRENTLY reads the heap twice, and sorts. */
const costOfIndex = 3

export async function estimate(db: Queryable, run: Run, sample: Sample): Promise<Estimates> {
  const { heap, indexes } = await readOne<{ heap: number; indexes: number }>(
    db,
    sql`
    select pg_table_size(${run.sourceOid}::oid)::float8 as heap, pg_indexes_size(${run.sourceOid}::oid)::float8 as indexes`,
  )
  const msPerByte = sample.readBytes === 0 ? 0 : sample.tookMs / sample.readBytes
  if (relabels(run)) {
    const { source } = requireBlueprint(run)
    const built = bytesOfNewKey(source, run.key.column)
    const reads = 1 + keyIndexes(source, run.key.column).length * costOfIndex
    return {
      rows: sample.rows,
      bytes: heap + indexes,
      diskNeededBytes: built,
      walBytes: built,
      durationMs: Math.round(heap * msPerByte * reads),
      isSampled: !sample.isWhole,
    }
  }
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
