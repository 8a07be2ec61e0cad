import fc from "fast-check"
import { expect, it } from "vitest"
import { cleanupNow } from "../src/runtime/commands/cleanup.ts"
import { rollback } from "../src/runtime/commands/rollback.ts"
import { verify } from "../src/runtime/commands/verify.ts"
import { dumpCatalog } from "./support/catalogDump.ts"
import { createDatabase } from "./support/database.ts"
import { contentOf } from "./support/oracle.ts"
import { randomShapes } from "./support/randomShape.ts"
import { launchRun, services, waitForStatus, worker } from "./support/runs.ts"
import { type Shape, dumpOf, optionsOf, startShapeWriter, withoutKeptKey } from "./support/shapes.ts"

/** How many tables by chance; a release takes 200. */
const runs = Number(process.env["CUTOVER_RANDOM_TABLES"] ?? 8)
/** The same each time, so that whoever changed something is to blame for a failure; a release tries others. */
const seed = Number(process.env["CUTOVER_RANDOM_SEED"] ?? 1)

it(
  `${runs} tables by chance come through, and back (CUTOVER_RANDOM_SEED=${seed})`,
  async () => {
    await fc.assert(
      fc.asyncProperty(randomShapes, fc.boolean(), async (shape, goesBack) => await cutOver(shape, goesBack)),
      { numRuns: runs, seed, interruptAfterTimeLimit: runs * 20_000, markInterruptAsFailure: true },
    )
  },
  runs * 25_000 + 60_000,
)

it(
  `${runs} tables by chance are relabelled, and come back (CUTOVER_RANDOM_SEED=${seed})`,
  async () => {
    await fc.assert(
      fc.asyncProperty(randomShapes, fc.boolean(), async (shape, goesBack) => {
        await cutOver({ ...shape, options: { ...shape.options, strategy: "relabel" } }, goesBack)
      }),
      { numRuns: runs, seed, interruptAfterTimeLimit: runs * 10_000 },
    )
  },
  runs * 15_000 + 60_000,
)

async function cutOver(shape: Shape, goesBack: boolean): Promise<void> {
  await using database = await createDatabase("random")
  await using open = await services(database)
  await database.query(shape.setup)
  const dump = async (): Promise<string[]> =>
    goesBack ? await dumpCatalog(database) : withoutKeptKey(await dumpOf(database, shape))
  const before = await dump()
  const writer = startShapeWriter(database, shape)
  await using _writer = { [Symbol.asyncDispose]: async () => void (await writer.stop()) }
  const run = await launchRun(open, { table: shape.table, by: shape.by, options: optionsOf(shape) })
  await using _ = await worker(open, run.id)
  const status = await waitForStatus(
    open,
    run.id,
    (one) => one.run.control === "halted" || (one.run.state === "cleanup" && one.run.control === "waiting"),
  )
  expect(status.run).toMatchObject({ state: "cleanup", error: null })
  expect(await writer.stop()).toEqual([])
  await waitForStatus(open, run.id, (one) => one.totals.changesPending === 0)
  // A relabelled table is compared with nothing: it is the same.
  const compared = shape.options.strategy === "relabel" ? [] : (await verify(open, run.id)).partitions
  expect(compared.filter((one) => !one.equal)).toEqual([])
  const content = await contentOf(database, shape.table)
  if (goesBack) {
    await rollback(open, run.id, null)
    await waitForStatus(open, run.id, (one) => one.run.finishedAt !== null || one.run.control === "halted")
  } else await cleanupNow(open, run.id, { beforeWindow: true, reason: "test" })
  expect(await contentOf(database, shape.table)).toEqual(content)
  expect(await dump()).toEqual(before)
}
