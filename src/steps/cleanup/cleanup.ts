import { legacyName } from "../../domain/derivedNames.ts"
import { formatDuration } from "../../domain/duration.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import { reverseLogOf } from "../../store/changeLog.ts"
import type { Run } from "../../store/runs.ts"
import type { RunStep } from "../Step.ts"
import { followsBack } from "../changes/captureBack.ts"
import { vacuumLog } from "../changes/vacuumLog.ts"
import { countUnheld } from "../changes/replayBack.ts"
import { unlessBlocked } from "../locks/unlessBlocked.ts"
import { dropLegacy } from "./dropLegacy.ts"
import { follow } from "../changes/follow.ts"

/** While nothing happens, the legacy table is brought up to date this often. */
const followMs = 2_000

/**
 * The fallback window: the legacy table follows the new one, so that a rollback loses nothing. What its end brings: the
 * legacy table is dropped, or goes on following until a person says so.
 */
export const cleanup: RunStep = async ({ tx, run }) => {
  const follows = followsBack(run)
  const isBehind = follows && !(await follow(tx, run)).isUpToDate
  const { leftMs, until } = await readWindow(tx, run)
  if (leftMs === 0 && run.options.dropLegacy === "auto") return await drop({ tx, run })
  const window =
    leftMs === 0
      ? `the fallback window is over; drop ${legacyOf(run)} with: cutover cleanup ${run.id} --confirm ${renderTableName(run.table)}`
      : `the fallback window is open until ${until} UTC (${formatDuration(run.options.fallbackWindowMs)})`
  const reason = `${window}${follows ? await unheldClause(tx, run) : ""}`
  const afterCommit = async (db: Queryable): Promise<void> => await vacuumLog(db, reverseLogOf(run))
  if (isBehind) return { event: { type: "held", reason, retryMs: 0 } }
  if (follows) return { event: { type: "held", reason, retryMs: followMs }, afterCommit }
  return { event: { type: "held", reason, retryMs: leftMs === 0 ? null : leftMs } }
}

async function drop({ tx, run }: Parameters<RunStep>[0]): ReturnType<RunStep> {
  const work = async (): ReturnType<RunStep> => await dropLegacy(tx, run)
  return await unlessBlocked(tx, run, {
    what: `dropping ${legacyOf(run)}`,
    oids: [run.sourceOid],
    attempt: run.tick,
    work,
  })
}

export async function readWindow(tx: Queryable, run: Run): Promise<{ leftMs: number; until: string }> {
  return await readOne(
    tx,
    sql`
    select ceil(greatest(0, extract(epoch from fallback_until - clock_timestamp()) * 1000))::float8 as "leftMs",
           to_char(fallback_until, 'YYYY-MM-DD HH24:MI:SS') as until
    from cutover.runs where id = ${run.id}`,
  )
}

/** Said before anybody calls a rollback possible. */
async function unheldClause(tx: Queryable, run: Run): Promise<string> {
  const unheld = await countUnheld(tx, run)
  return unheld === 0 ? "" : `; ${unheld} rows do not fit into ${legacyOf(run)}, so it cannot be rolled back to`
}

function legacyOf(run: Run): string {
  return renderTableName(legacyName(run.table))
}
