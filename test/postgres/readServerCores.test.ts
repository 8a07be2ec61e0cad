import { availableParallelism } from "node:os"
import { expect, it } from "vitest"
import { runOptionsSchema } from "../../src/config/runOptions.ts"
import { isBackendHere, readServerCores } from "../../src/postgres/readServerCores.ts"
import { lanesByCores, lanesOf } from "../../src/steps/throttle/lanes.ts"
import { startServer } from "../support/database.ts"
import { launchRun, services } from "../support/runs.ts"

// Elsewhere there is no /proc, and nothing is known.
it.runIf(process.platform === "linux")("a server on this machine has its cores, and a run as many lanes", async () => {
  await using server = await startServer()
  await using database = await server.createDatabase("cores")
  await using open = await services(database)
  expect(await readServerCores(open.database)).toBe(availableParallelism())
  const lanes = Math.min(8, Math.max(2, availableParallelism()))
  expect(await lanesByCores(open.database)).toBe(lanes)
  await database.query("create table t (id int primary key, d date not null); create table u (like t including all)")
  const unsaid = await launchRun(open, { table: "t", by: "d" })
  expect(unsaid.options.parallel).toBe(lanes)
  const said = await launchRun(open, { table: "u", by: "d", options: { parallel: 3 } })
  expect(said.options.parallel).toBe(3)
})

it("a process that is no backend says nothing of the server", async () => {
  expect(await isBackendHere(process.pid)).toBe(false)
  // No process has it: it is beyond the highest that there can be.
  expect(await isBackendHere(2 ** 30)).toBe(false)
  expect(lanesOf(runOptionsSchema.parse({}))).toBe(2)
})
