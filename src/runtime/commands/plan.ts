import type { TableName } from "../../domain/tableName.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { beginRun } from "../../machine/advance.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import type { TableDescription } from "../../postgres/catalog/TableDescription.ts"
import { makeBlueprint } from "../../steps/prep/blueprint.ts"
import { nameOf } from "../../steps/prep/scaffold.ts"
import type { Finding } from "../../steps/preflight/Check.ts"
import { preflight } from "../../steps/preflight/preflight.ts"
import { resolveSource } from "../../steps/preflight/resolveSource.ts"
import { type Sample, nothingSampled, sampleKeys } from "../../steps/preflight/sampleKeys.ts"
import { readIncomingKeys } from "../../steps/swap/belongings/incomingKeys.ts"
import type { Run } from "../../store/runs.ts"
import type { Services } from "../Services.ts"
import type { LaunchRequest } from "./launch.ts"
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
  readonly estimates: {
    readonly rows: number
    readonly bytes: number
    readonly diskNeededBytes: number
    readonly walBytes: number
    readonly durationMs: number
    /** Whether the rows were counted, or scaled from a sample of blocks. */
    readonly isSampled: boolean
  }
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
  const run = await imagine(db, request, source, key)
  const sample = (await mayRead(db, run)) ? await sampleKeys(db, run) : nothingSampled
  return {
    schemaVersion: 1,
    table: renderTableName(request.table),
    by: key.column,
    interval: request.options.interval,
    strategy: strategyOf(sample),
    partitions: sample.partitions.map(({ label, bounds, rows }) => ({
      label,
      table: renderTableName(nameOf(request.table, label)),
      from: bounds?.from ?? "",
      to: bounds?.to ?? "",
      rowsEstimated: rows,
    })),
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

/** The run as a launch would write it, up to where the source has been looked at. */
async function imagine(
  db: Queryable,
  { table, options, isOptedIn }: LaunchRequest,
  source: TableDescription,
  key: Run["key"],
): Promise<Run> {
  const { stored, state, control, context } = beginRun()
  const blueprint = makeBlueprint(source, key.column, {
    keyMayBeNull: options.nullKeys !== "refuse",
    incomingKeys: await readIncomingKeys(db, source.oid, key.column),
    isAdopted: false,
    adoptedPartitions: [],
  })
  const nothingYet = { reason: null, error: null, targetOid: null, heapFile: null, heapBlocks: null, strategy: null }
  const notYet = {
    fingerprint: null,
    guardMark: null,
    swappedAt: null,
    fallbackUntil: null,
    legacyTable: null,
    finishedAt: null,
  }
  return {
    id: "00000000000000000000000000",
    sourceOid: source.oid,
    table: table satisfies TableName,
    key,
    options: { ...options, isOptedIn },
    stored,
    state,
    control,
    epoch: context.epoch,
    tick: 0,
    surveyedBlocks: 0,
    batchBlocks: 0,
    blueprint,
    gateOpened: false,
    ...nothingYet,
    ...notYet,
  }
}

/** The survey decides; this is what it will most likely find. */
function strategyOf({ monthsPerBlock, isWhole }: Sample): Plan["strategy"] {
  const each = `${isWhole ? "" : "in a sample "}each block holds rows of ${monthsPerBlock.toFixed(1)} partitions`
  return monthsPerBlock > 2
    ? { name: "sweep", reason: `${each}, so the heap is swept once for all of them` }
    : { name: "months", reason: `${each}, so each is copied out of its own blocks` }
}

/**
 * Copy, indexes and proof together take about twelve times as long as reading the heap (measured on flights, 3 M rows); how fast this
 * server reads was just seen.
 */
const costOfReading = 12

async function estimate(db: Queryable, run: Run, sample: Sample): Promise<Plan["estimates"]> {
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
    durationMs: Math.round((heap * msPerByte * costOfReading) / run.options.parallel),
    isSampled: !sample.isWhole,
  }
}
