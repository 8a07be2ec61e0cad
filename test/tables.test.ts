import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { legacyName } from "../src/domain/derivedNames.ts"
import { parseTableName } from "../src/domain/tableName.ts"
import { statementText, table as quoted } from "../src/postgres/sql.ts"
import { cleanupNow } from "../src/runtime/commands/cleanup.ts"
import { rollback } from "../src/runtime/commands/rollback.ts"
import { verify } from "../src/runtime/commands/verify.ts"
import { dumpCatalog, dumpWithPartitions } from "./support/catalogDump.ts"
import { createDatabase } from "./support/database.ts"
import { contentOf } from "./support/oracle.ts"
import { launchRun, services, waitForStatus, workUntilQuiet, worker } from "./support/runs.ts"
import { mainMajor } from "./support/testClusters.ts"
import { grantsOnPartitions, runByHand } from "./support/handRun.ts"
import { dumpOf, optionsOf, readShapes, startShapeWriter } from "./support/shapes.ts"

const shapes = (await readShapes()).filter((shape) => shape.since <= mainMajor)

describe.concurrent.each(shapes.filter((shape) => shape.refused === null))("$name: $says", (shape) => {
  it("comes through a cutover under writes, and the catalog differs by the partitioning alone", async () => {
    await using database = await createDatabase("shape")
    await using open = await services(database)
    await database.query(shape.setup)
    const before = await dumpOf(database, shape)
    const writer = startShapeWriter(database, shape)
    const run = await launchRun(open, { table: shape.table, by: shape.by, options: optionsOf(shape) })
    await using _ = await worker(open, run.id)
    const status = await waitForStatus(
      open,
      run.id,
      (one) => one.run.control === "halted" || (one.run.state === "cleanup" && one.run.control === "waiting"),
    )
    expect(status.run).toMatchObject({ state: "cleanup", error: null })
    await sleep(30)
    expect(await writer.stop()).toEqual([])
    await waitForStatus(open, run.id, (one) => one.totals.changesPending === 0)
    const differing = shape.back === null ? (await verify(open, run.id)).partitions.filter((one) => !one.equal) : []
    expect(differing).toEqual([])
    await cleanupNow(open, run.id, { beforeWindow: true, reason: "test" })
    expect(await dumpOf(database, shape)).toEqual(before)
    expect(await grantsOnPartitions(database)).toEqual([])
  })
})

describe.concurrent.each(shapes.filter((shape) => shape.refused === null && shape.back === null))(
  "$name: $says",
  (shape) => {
    it("comes back by a rollback as it was", async () => {
      await using database = await createDatabase("shapeback")
      await using open = await services(database)
      await database.query(shape.setup)
      const before = await dumpCatalog(database)
      const writer = startShapeWriter(database, shape)
      const run = await launchRun(open, { table: shape.table, by: shape.by, options: optionsOf(shape) })
      await using _ = await worker(open, run.id)
      await waitForStatus(
        open,
        run.id,
        (one) => one.run.control === "halted" || (one.run.state === "cleanup" && one.run.control === "waiting"),
      )
      expect(await writer.stop()).toEqual([])
      const content = await contentOf(database, shape.table)
      await rollback(open, run.id, null)
      await waitForStatus(open, run.id, (one) => one.run.finishedAt !== null || one.run.control === "halted")
      expect(await contentOf(database, shape.table)).toEqual(content)
      expect(await dumpCatalog(database)).toEqual(before)
    })
  },
)

describe.concurrent.each(shapes.filter((shape) => shape.refused === null))("$name: $says", (shape) => {
  it("is left the same by a run and by the plan's statements run by hand", async () => {
    await using byRun = await createDatabase("shaperun")
    await using byHand = await createDatabase("shapehand")
    for (const database of [byRun, byHand]) await database.query(shape.setup)
    const content = await contentOf(byHand, shape.table)
    await using open = await services(byRun)
    const run = await launchRun(open, { table: shape.table, by: shape.by, options: optionsOf(shape) })
    await workUntilQuiet(open, run.id)
    await cleanupNow(open, run.id, { beforeWindow: true, reason: "test" })
    await runByHand(byHand, shape)
    await byHand.query(`drop table ${statementText(quoted(legacyName(parseTableName(shape.table))))}`)
    expect(await contentOf(byHand, shape.table)).toEqual(content)
    expect(await dumpWithPartitions(byHand)).toEqual(await dumpWithPartitions(byRun))
  })
})

describe.concurrent.each(shapes.filter((shape) => shape.back !== null))("$name: $says", (shape) => {
  it("has no way back, and says so", async () => {
    await using database = await createDatabase("noback")
    await using open = await services(database)
    await database.query(shape.setup)
    const run = await launchRun(open, { table: shape.table, by: shape.by, options: optionsOf(shape) })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, (one) => one.run.state === "cleanup" && one.run.control === "waiting")
    await expect(rollback(open, run.id, null)).rejects.toMatchObject({ code: shape.back })
  })
})

describe.concurrent.each(shapes.filter((shape) => shape.refused !== null))("$name: $says", (shape) => {
  it("is refused with the declared code, and nothing is changed", async () => {
    await using database = await createDatabase("refused")
    await using open = await services(database)
    await database.query(shape.setup)
    const before = [await dumpCatalog(database), await contentOf(database, shape.table)]
    await expect(
      launchRun(open, { table: shape.table, by: shape.by, options: optionsOf(shape) }),
    ).rejects.toMatchObject({
      code: shape.refused,
    })
    expect([await dumpCatalog(database), await contentOf(database, shape.table)]).toEqual(before)
  })
})
