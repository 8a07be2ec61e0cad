import { setTimeout as sleep } from "node:timers/promises"
import { expect, it } from "vitest"
import { createLogger } from "../../src/log/createLogger.ts"
import { Database } from "../../src/postgres/Database.ts"
import { Wakeup } from "../../src/runtime/Wakeup.ts"
import { createDatabase } from "../support/database.ts"

it("that is closed while it connects keeps no connection, which would keep the process", async () => {
  await using test = await createDatabase("wakeup")
  const database = new Database({ connectionString: test.url, applicationName: "cutover/test" })
  const wakeup = new Wakeup(database, createLogger("silent"), "01J0", ["cutover_log"], () => {})
  const opening = wakeup.open()
  wakeup.close()
  await opening
  const ending = database.end().then(() => "ended")
  expect(await Promise.race([ending, sleep(5_000, "held", { ref: false })])).toBe("ended")
})
