import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Score } from "./scoreboard.ts"
import { scenarios } from "./scenarios/scenarios.ts"

describe("npm run torture -- --quick", () => {
  let folder: string
  let scores: readonly Score[] = []

  /** A process of its own, as for a person: what it cuts off for good must not hold us up. */
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "pg-cutover-torture-"))
    const file = join(folder, "scores.json")
    const script = fileURLToPath(new URL("run.ts", import.meta.url))
    const torture = spawn(process.execPath, [script, "--quick", "--json", file], {
      stdio: ["ignore", "inherit", "inherit"],
    })
    const [code, signal] = (await once(torture, "exit")) as [number | null, string | null]
    // 1 is said of a scoreboard with failures, and of what broke off before there was one.
    if (!existsSync(file)) throw new Error(`the torture broke off with ${signal ?? code}; its last lines are above`)
    ;({ scores } = JSON.parse(await readFile(file, "utf8")) as { scores: Score[] })
  }, 1_800_000)

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  it.each(scenarios.map(({ id, name, says }) => ({ id, name, says })))("$id $name: $says", ({ name }) => {
    const score = scores.find((one) => one.scenario === name)
    expect(score).toMatchObject({ failed: 0 })
    expect(score?.passed).toBeGreaterThan(0)
    expect(score?.faults).toBeGreaterThan(0)
  })
})
