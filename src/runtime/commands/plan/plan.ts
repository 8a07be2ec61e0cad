import { renderTableName } from "../../../domain/tableName.ts"
import { type Queryable, readOne } from "../../../postgres/Queryable.ts"
import { sql } from "../../../postgres/sql.ts"
import { tableOf } from "../../../steps/partitionTable.ts"
import { historyLabel, requireBoundary } from "../../../steps/relabel/layOut.ts"
import { freeName } from "../../../steps/prep/freeName.ts"
import type { Finding } from "../../../steps/preflight/Check.ts"
import { gapFindings } from "../../../steps/preflight/gapFindings.ts"
import { preflight } from "../../../steps/preflight/preflight.ts"
import { resolveSource } from "../../../steps/preflight/resolveSource.ts"
import { type Sample, nothingSampled, sampleKeys } from "../../../steps/preflight/sampleKeys.ts"
import type { Run, Strategy } from "../../../store/runs.ts"
import type { Services } from "../../Services.ts"
import { acrossBreaks } from "../../acrossBreaks.ts"
import { checkLadder } from "../../ladder.ts"
import type { LaunchRequest } from "../launch.ts"
import { type Estimates, estimate } from "./estimate.ts"
import { imagineRun } from "./imagineRun.ts"
import { imagineRelabelled, planRelabel } from "./planRelabel.ts"
import { type PlannedStatement, planStatements } from "./planStatements.ts"

/** What a launch would do: the document of `plan --json`. Sizes are bytes, counts of rows are estimates. */
export type Plan = {
  readonly schemaVersion: 1
  readonly table: string
  readonly by: string
  readonly interval: string
  readonly strategy: { readonly name: Strategy; readonly reason: string }
  readonly partitions: readonly PlannedPartition[]
  readonly findings: readonly Finding[]
  readonly estimates: Estimates
  readonly sql: readonly PlannedStatement[]
}

export type PlannedPartition = {
  readonly label: string
  readonly table: string
  readonly from: string
  readonly to: string
  readonly rowsEstimated: number
}

/** Looks at the table as a launch would, and says what it would do. A READ ONLY transaction, so it changes nothing. */
export async function plan(services: Services, request: LaunchRequest): Promise<Plan> {
  return await acrossBreaks(services, () => lookOnce(services, request))
}

async function lookOnce({ database }: Services, request: LaunchRequest): Promise<Plan> {
  return await database.withSession(async (session) => {
    try {
      await session.query(sql`begin isolation level repeatable read read only`)
      return await look(session, request)
    } finally {
      session.discard()
    }
  })
}

async function look(db: Queryable, request: LaunchRequest): Promise<Plan> {
  const { source, key } = await resolveSource(db, request.table, request.by)
  const findings = await preflight({ db, table: request.table, source, key, options: request.options })
  const ladder = await checkLadder(db, request.options)
  const may = await mayRead(db, source.oid)
  const run = await imagineRun(db, request, source, key, may)
  const sample = may ? await sampleKeys(db, run) : nothingSampled
  const isRelabelled = run.blueprint?.boundary !== undefined
  const partitions = isRelabelled ? await tablesOfRelabel(db, run, sample) : await tablesOf(db, request, sample)
  return {
    schemaVersion: 1,
    table: renderTableName(request.table),
    by: key.column,
    interval: request.options.interval,
    strategy: isRelabelled ? strategyOfRelabel(run) : strategyOf(sample),
    partitions,
    findings: [...findings, ...ladder, ...gapFindings(request.table, partitions, { planned: true })],
    estimates: await estimate(db, run, sample),
    sql: isRelabelled ? await planRelabel(db, run) : await planStatements(db, run, sample),
  }
}

/** Without SELECT there is a finding that says so, and nothing to look at. */
async function mayRead(db: Queryable, oid: number): Promise<boolean> {
  const { may } = await readOne<{ may: boolean }>(db, sql`select has_table_privilege(${oid}::oid, 'SELECT') as may`)
  return may
}

/** The survey decides; this is what it will most likely find. */
function strategyOf({ monthsPerBlock, isWhole }: Sample): Plan["strategy"] {
  const each = `${isWhole ? "" : "in a sample "}each block holds rows of ${monthsPerBlock.toFixed(1)} partitions`
  return monthsPerBlock > 2
    ? { name: "sweep", reason: `${each}, so the heap is swept once for all of them` }
    : { name: "months", reason: `${each}, so each is copied out of its own blocks` }
}

/** It was asked for; the reason says what it spares, and what it leaves undone. */
function strategyOfRelabel(run: Run): Plan["strategy"] {
  return {
    name: "relabel",
    reason: `no row is moved: the table is read once, and becomes one partition up to ${requireBoundary(run).edge}; what is past stays in one piece`,
  }
}

async function tablesOfRelabel(db: Queryable, run: Run, sample: Sample): Promise<PlannedPartition[]> {
  const partitions = await imagineRelabelled(db, run)
  return partitions.map((partition) => ({
    label: partition.label,
    table: renderTableName(tableOf(run, partition)),
    from: partition.bounds?.from ?? "",
    to: partition.bounds?.to ?? "",
    rowsEstimated: partition.label === historyLabel ? sample.rows : 0,
  }))
}

async function tablesOf(db: Queryable, { table }: LaunchRequest, sample: Sample): Promise<PlannedPartition[]> {
  const planned: PlannedPartition[] = []
  for (const { label, bounds, rows } of sample.partitions) {
    planned.push({
      label,
      table: renderTableName(await freeName(db, table, label)),
      from: bounds?.from ?? "",
      to: bounds?.to ?? "",
      rowsEstimated: rows,
    })
  }
  return planned
}
