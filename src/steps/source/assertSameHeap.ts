import { renderTableName } from "../../domain/tableName.ts"
import { CutoverError } from "../../errors/CutoverError.ts"
import { type Queryable, findOne, readOne } from "../../postgres/Queryable.ts"
import { type Sql, literal, sql, table } from "../../postgres/sql.ts"
import { type Run, readRun, saveRunFacts } from "../../store/runs.ts"

/**
 * Halts when the heap was written anew (CLUSTER, VACUUM FULL, a rewriting ALTER TABLE): no row is where the survey saw it,
 * and checkpoints count blocks. Takes ACCESS SHARE until the transaction ends, as reading does, so that it stays true.
 */
export async function assertSameHeap(tx: Queryable, run: Run): Promise<void> {
  const file = await readHeapFile(tx, run, sql`lock table only ${table(run.table)} in access share mode;`)
  if (file === run.heapFile || file === (await readRun(tx, run.id)).heapFile) return
  await assertNotTruncated(tx, run)
  const name = renderTableName(run.table)
  throw new CutoverError("CUTOVER_SOURCE_CHANGED", {
    message: `The heap of ${name} was written anew while the run was open, by CLUSTER, VACUUM FULL or the like.`,
    state: "The swap was not made; the application still uses the source, which is complete.",
    hint: `The copy knows rows by where they lay, so begin anew: cutover abort ${run.id} --confirm ${name}`,
  })
}

/** A TRUNCATE that came before a change we have just replayed must be heeded before that change, not after it. */
export class SourceTruncatedError extends Error {}

/** Throws when a TRUNCATE waits to be heeded: the transaction has to begin anew. */
export async function assertNotTruncated(tx: Queryable, run: Run): Promise<void> {
  const found = await findOne(tx, sql`select 1 from cutover.truncations where run_id = ${run.id} limit 1`)
  if (found !== undefined) throw new SourceTruncatedError(`the source of run ${run.id} was truncated`)
}

/** Remembers which file holds the source's rows. TRUNCATE gives it another, and is heeded by itself. */
export async function noteHeap(tx: Queryable, run: Run): Promise<void> {
  await saveRunFacts(tx, run.id, { heapFile: await readHeapFile(tx, run) })
}

/** An expression: which file holds the rows of a table, as text. */
export function heapFile(oid: number): Sql {
  return sql`pg_relation_filenode(${literal(String(oid))}::oid)::text`
}

/** In one text with a statement before it. */
async function readHeapFile(tx: Queryable, run: Run, before = sql``): Promise<string> {
  const { file } = await readOne<{ file: string }>(tx, sql`${before} select ${heapFile(run.sourceOid)} as file`)
  return file
}
