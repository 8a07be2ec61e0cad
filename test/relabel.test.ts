import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { cleanupNow } from "../src/runtime/commands/cleanup.ts"
import { rollback } from "../src/runtime/commands/rollback.ts"
import { dumpCatalog, dumpWithPartitions } from "./support/catalogDump.ts"
import { createDatabase } from "./support/database.ts"
import { grantsOnPartitions, runByHand } from "./support/handRun.ts"
import { contentOf } from "./support/oracle.ts"
import { launchRun, services, waitForStatus, workUntilQuiet, worker } from "./support/runs.ts"
import { mainMajor } from "./support/testClusters.ts"
import { dumpOf, optionsOf, readShapes, startShapeWriter, withoutKeptKey } from "./support/shapes.ts"

/** Shapes that a copy takes and that cannot become a partition as they are, and with which code they are refused. */
const refusals: Readonly<Record<string, string>> = {
  "deferrable-key": "CUTOVER_RELABEL_REFUSED",
  "exclusion-kept": "CUTOVER_RELABEL_REFUSED",
  "null-keys": "CUTOVER_RELABEL_REFUSED",
  outlier: "CUTOVER_KEY_OUTLIERS",
  "self-key-dropped": "CUTOVER_RELABEL_REFUSED",
  "self-key-kept": "CUTOVER_RELABEL_REFUSED",
}

const shapes = (await readShapes())
  .filter((shape) => shape.since <= mainMajor && shape.refused === null)
  .map((shape) => ({ ...shape, options: { ...shape.options, strategy: "relabel" as const } }))
const taken = shapes.filter((shape) => refusals[shape.name] === undefined)

describe.concurrent.each(taken)("$name: $says", (shape) => {
  it("becomes its own first partition under writes, and the catalog differs by the partitioning alone", async () => {
    await using database = await createDatabase("relabel")
    await using open = await services(database)
    await database.query(shape.setup)
    const before = await dumpOf(database, shape)
    const writer = startShapeWriter(database, shape)
    const run = await launchRun(open, { table: shape.table, by: shape.by, options: optionsOf(shape) })
    await using _ = await worker(open, run.id)
    await swapped(open, run.id)
    await sleep(30)
    expect(await writer.stop()).toEqual([])
    await cleanupNow(open, run.id, { beforeWindow: true, reason: "test" })
    expect(withoutKeptKey(await dumpOf(database, shape))).toEqual(before)
    expect(await grantsOnPartitions(database)).toEqual([])
  })
})

describe.concurrent.each(taken)("$name: $says", (shape) => {
  it("comes back by a rollback as it was", async () => {
    await using database = await createDatabase("relabelback")
    await using open = await services(database)
    await database.query(shape.setup)
    const before = await dumpCatalog(database)
    const writer = startShapeWriter(database, shape)
    const run = await launchRun(open, { table: shape.table, by: shape.by, options: optionsOf(shape) })
    await using _ = await worker(open, run.id)
    await swapped(open, run.id)
    expect(await writer.stop()).toEqual([])
    const content = await contentOf(database, shape.table)
    await rollback(open, run.id, null)
    await waitForStatus(open, run.id, (one) => one.run.finishedAt !== null || one.run.control === "halted")
    expect(await contentOf(database, shape.table)).toEqual(content)
    expect(await dumpCatalog(database)).toEqual(before)
  })
})

describe.concurrent.each(taken)("$name: $says", (shape) => {
  it("is left the same by a run and by the plan's statements run by hand", async () => {
    await using byRun = await createDatabase("relabelrun")
    await using byHand = await createDatabase("relabelhand")
    for (const database of [byRun, byHand]) await database.query(shape.setup)
    const content = await contentOf(byHand, shape.table)
    await using open = await services(byRun)
    const run = await launchRun(open, { table: shape.table, by: shape.by, options: optionsOf(shape) })
    await workUntilQuiet(open, run.id)
    await cleanupNow(open, run.id, { beforeWindow: true, reason: "test" })
    await runByHand(byHand, shape)
    expect(await contentOf(byHand, shape.table)).toEqual(content)
    expect(await dumpWithPartitions(byHand)).toEqual(await dumpWithPartitions(byRun))
  })
})

describe.concurrent.each(shapes.filter((shape) => refusals[shape.name] !== undefined))("$name: $says", (shape) => {
  it("is refused with a code, and nothing is changed", async () => {
    await using database = await createDatabase("norelabel")
    await using open = await services(database)
    await database.query(shape.setup)
    const before = [await dumpCatalog(database), await contentOf(database, shape.table)]
    await expect(
      launchRun(open, { table: shape.table, by: shape.by, options: optionsOf(shape) }),
    ).rejects.toMatchObject({ code: refusals[shape.name] })
    expect([await dumpCatalog(database), await contentOf(database, shape.table)]).toEqual(before)
  })
})

async function swapped(open: Parameters<typeof waitForStatus>[0], runId: string): Promise<void> {
  const status = await waitForStatus(
    open,
    runId,
    (one) => one.run.control === "halted" || (one.run.state === "cleanup" && one.run.control === "waiting"),
  )
  expect(status.run).toMatchObject({ state: "cleanup", error: null })
}
