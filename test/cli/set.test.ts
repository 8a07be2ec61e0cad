import { expect, it } from "vitest"
import type { Status } from "../../src/domain/status.ts"
import { runCutover } from "../support/cli.ts"
import { createDatabase } from "../support/database.ts"
import { launchRun, services } from "../support/runs.ts"

it("cutover set changes what a run may, says what it cannot, and changes nothing then", async () => {
  await using database = await createDatabase("set")
  await using open = await services(database)
  await database.query("create table t (id int primary key, d date not null)")
  const run = await launchRun(open, { table: "t", by: "d" })
  const optionsOf = async (): Promise<unknown> =>
    (await database.query("select options from cutover.runs"))[0]?.["options"]
  const set = async (...settings: string[]): ReturnType<typeof runCutover> =>
    await runCutover(database.url, ["set", "t", ...settings, "--json"])

  const done = await set(
    "max-rows-per-second=20000",
    "batchTarget=2s",
    "max-replica-lag=none",
    "copy-window=22:00-06:00",
  )
  expect(done.code, done.stderr).toBe(0)
  expect((JSON.parse(done.stdout) as Status).run.id).toBe(run.id)
  const changed = {
    maxRowsPerSecond: 20_000,
    batchTargetMs: 2_000,
    maxReplicaLagMs: null,
    copyWindow: { from: 1320, to: 360 },
  }
  expect(await optionsOf()).toMatchObject(changed)

  for (const [setting, code, says] of [
    ["interval=day", "CUTOVER_USAGE", "interval cannot be changed while a run lives"],
    ["paralel=3", "CUTOVER_USAGE", "The nearest is parallel"],
    ["parallel", "CUTOVER_USAGE", "not of the form KEY=VALUE"],
    ["parallel=0", "CUTOVER_CONFIG_INVALID", "'0' for parallel"],
  ] as const) {
    const refused = await set("nice=on", setting)
    expect(refused.code).toBe(2)
    expect(JSON.parse(refused.stderr)).toMatchObject({
      error: { code, message: expect.stringContaining(says) as string },
    })
  }
  expect(await optionsOf()).toMatchObject({ ...changed, nice: false })
})
