import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { loadReturns } from "../bench/returns.ts"
import { runOptionsSchema } from "../src/config/runOptions.ts"
import { openCluster } from "../src/embedded/cluster.ts"
import { createLogger } from "../src/log/createLogger.ts"
import { Worker } from "../src/runtime/Worker.ts"
import { launch } from "../src/runtime/commands/launch.ts"
import { openServices } from "../src/runtime/openServices.ts"
import { readStatus } from "../src/store/status.ts"

// The measurement of docs/decisions/0013-relabel.md: node scripts/measureRelabel.ts [rows]
const rows = Number(process.argv[2] ?? 2_000_000)

const folder = await mkdtemp(join(tmpdir(), "pg-cutover-measure-"))
const cluster = await openCluster({ directory: join(folder, "server"), settings: { max_wal_size: "8GB" } })
const client = new pg.Client({ connectionString: cluster.url })
await client.connect()
try {
  for (const strategy of ["copy", "relabel"] as const) await measure(strategy)
} finally {
  await client.end()
  await cluster.destroy()
  await rm(folder, { recursive: true, force: true })
}

/** From the launch to the swap of one and the same table, with writes captured and nobody writing. */
async function measure(strategy: "copy" | "relabel"): Promise<void> {
  await client.query("drop schema if exists cutover, cutover_jobs cascade")
  await client.query("drop table if exists public.returns_raw, public.returns_raw_legacy")
  const { totalBytes } = await loadReturns(client, rows, "ordered")
  await client.query("checkpoint")
  const before = await walBytes()
  const connection = { connectionString: cluster.url, role: "measure", actor: "measure", connections: 8 }
  const services = await openServices({ ...connection, logger: createLogger("silent") })
  try {
    const startedAt = performance.now()
    const run = await launch(services, {
      table: { schema: "public", name: "returns_raw" },
      by: "return_date",
      options: runOptionsSchema.parse({ strategy }),
      isOptedIn: true,
    })
    const worker = await Worker.start(services, { runId: run.id, lanes: 2 })
    const status = await untilSwapped(async () => await readStatus(services.database, run.id))
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    const wal = ((await walBytes()) - before) / 1e6
    await worker.stop()
    process.stdout.write(
      `${strategy}: ${rows} rows, ${Math.round(totalBytes / 1e6)} MB: ${seconds} s, ${wal.toFixed(0)} MB of WAL, lock held ${status.attach.lockHeldMs} ms\n`,
    )
  } finally {
    await services.close()
  }
}

async function untilSwapped<Status extends Awaited<ReturnType<typeof readStatus>>>(
  read: () => Promise<Status>,
): Promise<Status> {
  for (;;) {
    const status = await read()
    if (status.run.error !== null) throw new Error(status.run.error.message)
    if (status.attach.lockHeldMs !== null) return status
    await sleep(20)
  }
}

async function walBytes(): Promise<number> {
  const { rows: found } = await client.query<{ bytes: number }>(
    "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as bytes",
  )
  return found[0]?.bytes ?? 0
}
