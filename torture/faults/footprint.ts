import { setTimeout as sleep } from "node:timers/promises"
import { dumpCatalog } from "../../test/support/catalogDump.ts"
import type { TestDatabase } from "../../test/support/database.ts"
import { shapeOf } from "../../test/support/wire/Statement.ts"

/**
 * What a run leaves behind, a line each: the user's catalog, the partitions with their bounds, our own relations, and how
 * often the log says that each thing was done. Two runs that did the same leave the same.
 */
export async function footprintOf(database: TestDatabase): Promise<string[]> {
  const ours = await database.query<{ line: string }>(`
    select format('partition %s %s', c.oid::regclass, pg_get_expr(c.relpartbound, c.oid)) as line
      from pg_class c where c.relispartition and c.relkind = 'r' and c.relnamespace <> 'cutover_jobs'::regnamespace
    union all
    select format('relation of ours %s %s', c.relkind, c.relname) from pg_class c where c.relnamespace = 'cutover'::regnamespace
    union all
    select format('function of ours %s', p.proname) from pg_proc p where p.pronamespace = 'cutover'::regnamespace
    union all
    select format('trigger of ours %s on %s', tgname, tgrelid::regclass) from pg_trigger where tgname like 'cutover\\_%'
    union all
    select format('log %s %s: %s times', kind, partition, count(*)) from cutover.log
      where kind in ('run.launched', 'prep.completed', 'partition.copied', 'partition.validated', 'copy.completed',
                     'validate.completed', 'attach.completed', 'analyze.completed', 'fallback.opened')
      group by kind, partition
    union all
    select format('partition %s begun %s times', label, attempts) from cutover.partitions
    union all
    select format('run %s %s', state, control) from cutover.runs
    order by 1`)
  const shaped = ours.map((row) =>
    row.line.startsWith("relation") || row.line.startsWith("function") ? shapeOf(row.line) : row.line,
  )
  return [...(await dumpCatalog(database)), ...shaped]
}

/** In words, what one footprint has and the other has not. */
export function differencesOf(found: readonly string[], wanted: readonly string[]): string[] {
  const lines = [
    ...missingIn(found, wanted).map((line) => `is not there: ${line}`),
    ...missingIn(wanted, found).map((line) => `should not be there: ${line}`),
  ].map((line) => line.slice(0, 300))
  const left = lines.length - mostShown
  return left > 0 ? [...lines.slice(0, mostShown), `and ${left} differences more`] : lines
}

const mostShown = 8

/** Lines of `of` that `lines` lacks; each as often as it is lacking. */
function missingIn(lines: readonly string[], of: readonly string[]): string[] {
  const left = [...lines]
  return of.filter((line) => {
    const at = left.indexOf(line)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

/** How long a server may need to notice that a client has died. */
const noticeMs = 3_000

/** The sessions of ours that are still open; none, a moment after the last process of ours has ended. */
export async function openSessions(database: TestDatabase): Promise<string[]> {
  for (const deadline = Date.now() + noticeMs; ; await sleep(50)) {
    const rows = await database.query<{ line: string }>(
      `select format('session %s of %s is open: %s, %s', pid, application_name, state, left(query, 100)) as line
       from pg_stat_activity where datname = current_database() and application_name like 'cutover/%'`,
    )
    if (rows.length === 0 || Date.now() > deadline) return rows.map((row) => row.line)
  }
}
