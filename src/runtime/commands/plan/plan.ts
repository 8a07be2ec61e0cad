import { renderTableName } from "../../../domain/tableName.ts"
import { type Queryable, readOne } from "../../../postgres/Queryable.ts"
import { sql } from "../../../postgres/sql.ts"
import { freeName } from "../../../steps/prep/freeName.ts"
import type { Finding } from "../../../steps/preflight/Check.ts"
import { preflight } from "../../../steps/preflight/preflight.ts"
import { resolveSource } from "../../../steps/preflight/resolveSource.ts"
import { type Sample, nothingSampled, sampleKeys } from "../../../steps/preflight/sampleKeys.ts"
import type { Run } from "../../../store/runs.ts"
import type { Services } from "../../Services.ts"
import type { LaunchRequest } from "../launch.ts"
import { type Estimates, estimate } from "./estimate.ts"
import { imagineRun } from "./imagineRun.ts"
import { type PlannedStatement, planStatements } from "./planStatements.ts"

/** What a launch would do: the document of `plan --json`. Sizes are bytes, counts of rows are estimates. */
export type Plan = {
  readonly schemaVersion: 1
  readonly table: string
  readonly by: string
  readonly interval: string
  readonly strategy: { readonly name: "months" | "sweep"; readonly reason: string }
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
export async function plan({ database }: Services, request: LaunchRequest): Promise<Plan> {
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
  const run = await imagineRun(db, request, source, key)
  const sample = (await mayRead(db, run)) ? await sampleKeys(db, run) : nothingSampled
  return {
    schemaVersion: 1,
    table: renderTableName(request.table),
    by: key.column,
    interval: request.options.interval,
    strategy: strategyOf(sample),
    partitions: await tablesOf(db, request, sample),
    findings,
    estimates: await estimate(db, run, sample),
    sql: await planStatements(db, run, sample),
  }
}

/** Without SELECT there is a finding that says so, and nothing to look at. */
async function mayRead(db: Queryable, run: Run): Promise<boolean> {
  const { may } = await readOne<{ may: boolean }>(
    db,
    sql`select has_table_privilege(${run.sourceOid}::oid, 'SELECT') as may`,
  )
  return may
}

/** The survey decides; this is what it will most likely find. */
function strategyOf({ monthsPerBlock, isWhole }: Sample): Plan["strategy"] {
  const each = `${isWhole ? "" : "in a sample "}each block holds rows of ${monthsPerBlock.toFixed(1)} partitions`
  return monthsPerBlock > 2
    ? { name: "sweep", reason: `${each}, so the heap is swept once for all of them` }
    : { name: "months", reason: `${each}, so each is copied out of its own blocks` }
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
