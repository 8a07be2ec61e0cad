import { runOptionsSchema } from "../../config/runOptions.ts"
import type { Status } from "../../domain/status.ts"
import { type TableName, renderTableName } from "../../domain/tableName.ts"
import { CutoverError } from "../../errors/CutoverError.ts"
import { exitCodes } from "../../errors/codes.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import { gapFindings } from "../../steps/preflight/gapFindings.ts"
import { type Finding, block, ok, warn } from "../../steps/preflight/Check.ts"
import { checkServer } from "../../steps/preflight/server/checkServer.ts"
import { serverChecks, tableChecks } from "../../steps/preflight/preflight.ts"
import { findSource } from "../../steps/preflight/resolveSource.ts"
import { readTargetPartitions } from "../../steps/targetPartitions.ts"
import { readRun } from "../../store/runs.ts"
import { readStatuses } from "../../store/status.ts"
import type { Services } from "../Services.ts"
import { acrossBreaks } from "../acrossBreaks.ts"
import { checkLadder } from "../ladder.ts"

/** What the server, the role and, where one was named, the table are like for a run: the document of `doctor --json`. */
export type Diagnosis = {
  readonly schemaVersion: 1
  readonly server: { readonly version: string; readonly database: string; readonly role: string }
  readonly table: string | null
  readonly findings: readonly Finding[]
}

/** Looks, and changes nothing. That it got a connection tells already that no pooler in transaction mode is in between. */
export async function doctor(services: Services, table: TableName | null): Promise<Diagnosis> {
  return await acrossBreaks(services, () => examine(services, table))
}

async function examine({ database }: Services, table: TableName | null): Promise<Diagnosis> {
  return await database.withSession(async (session) => {
    const server = await readOne<Diagnosis["server"]>(
      session,
      sql`select current_setting('server_version') as version, current_database() as database, current_user as role`,
    )
    const findings: Finding[] = [
      ok("CUTOVER_POOLER_IN_TRANSACTION_MODE", "sessions keep their settings: no pooler in transaction mode."),
    ]
    const diagnosis = {
      schemaVersion: 1,
      server,
      table: table === null ? null : renderTableName(table),
      findings,
    } as const
    findings.push(...(await checkServer({ db: session })))
    // A server that is too old, or a standby, could not be asked the rest.
    if (findings.some((one) => one.level === "block")) return diagnosis
    for (const check of serverChecks) findings.push(...(await check({ db: session })))
    findings.push(...(await checkLadder(session, runOptionsSchema.parse({}))))
    findings.push(await lookAtClock(session), ...(await lookAtRuns(session)))
    if (table !== null) {
      findings.push(...(await lookAtTable(session, table)))
    }
    return diagnosis
  })
}

/** What is no plain table cannot be asked the rest; an unknown one is wrong use. */
async function lookAtTable(db: Queryable, table: TableName): Promise<readonly Finding[]> {
  try {
    const source = await findSource(db, table)
    const findings: Finding[] = []
    for (const check of tableChecks) findings.push(...(await check({ db, table, source })))
    return findings
  } catch (error) {
    if (!(error instanceof CutoverError) || error.exitCode !== exitCodes.refused) throw error
    return [block(error.code, error.message, error.hint)]
  }
}

/** More than this is told: nobody would find the times of two logs together. */
const skewMs = 5_000

async function lookAtClock(db: Queryable): Promise<Finding> {
  const before = Date.now()
  const { now } = await readOne<{ now: number }>(
    db,
    sql`select (extract(epoch from clock_timestamp()) * 1000)::float8 as now`,
  )
  const skew = Math.round(now - (before + Date.now()) / 2)
  if (Math.abs(skew) < skewMs) return ok("CUTOVER_CLOCK_SKEW", "the clocks of this machine and of the server agree.")
  return warn(
    "CUTOVER_CLOCK_SKEW",
    `the server's clock is ${Math.abs(skew / 1000).toFixed(1)} s ${skew > 0 ? "ahead of" : "behind"} this machine's.`,
    "Runs go by the server's clock alone; correct whichever is wrong, so that logs can be read together.",
  )
}

async function lookAtRuns(db: Queryable): Promise<Finding[]> {
  const open = (await readStatuses(db)).filter((one) => one.run.finishedAt === null)
  if (open.length === 0) return [ok("CUTOVER_RUN_OPEN", "no run is open.")]
  const found: Finding[] = []
  for (const { run } of open) found.push(lookAtRun(run), ...(await lookAtGaps(db, run.id)))
  return found
}

/** Of what is, once the table is partitioned; before that it is the plan's to tell. */
async function lookAtGaps(db: Queryable, runId: string): Promise<Finding[]> {
  const run = await readRun(db, runId)
  return run.swappedAt === null ? [] : gapFindings(run.table, await readTargetPartitions(db, run), { planned: false })
}

function lookAtRun(run: Status["run"]): Finding {
  const what = `run ${run.id} of ${run.table} is open: ${run.state}, ${run.control}, ${run.workers} workers alive`
  return run.workers > 0 || run.control !== "running"
    ? ok("CUTOVER_RUN_OPEN", `${what}.`)
    : warn(
        "CUTOVER_RUN_OPEN",
        `${what}, so nobody works it.`,
        `Go on with: cutover resume ${run.id}, or: cutover worker`,
      )
}
