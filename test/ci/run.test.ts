import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"

const script = join(import.meta.dirname, "../../.ci/run")
const folder = mkdtempSync(join(tmpdir(), "cutover-ci-"))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs `.ci/run` with an `npm` of which `npm ci` and `npm test` do what is given, in shell. */
function runWith({ ci = "true", test }: { ci?: string; test: string }) {
  writeFileSync(join(folder, "npm"), `#!/bin/sh\nif [ "$1" = ci ]; then\n${ci}\nelse\n${test}\nfi\n`, { mode: 0o755 })
  const env = { ...process.env, PATH: [folder, process.env["PATH"]].join(delimiter) }
  const { status, stdout } = spawnSync("bash", [script], { encoding: "utf8", env })
  return { passes: status === 0, lastLine: stdout.trimEnd().split("\n").at(-1) }
}

describe(".ci/run", () => {
  it.each([
    ["all pass", { test: "echo '12 passed, 0 failed'" }, { passes: true, lastLine: "12 passed, 0 failed" }],
    [
      "npm has the last word",
      { test: "echo '11 passed, 1 failed'; echo 'npm error code 1'; exit 1" },
      { passes: false, lastLine: "11 passed, 1 failed" },
    ],
    [
      "a failure does not reach the exit code",
      { test: "echo '11 passed, 1 failed'" },
      { passes: false, lastLine: "11 passed, 1 failed" },
    ],
    [
      "something else than a test fails",
      { test: "echo '12 passed, 0 failed'; exit 1" },
      { passes: false, lastLine: "12 passed, 0 failed" },
    ],
    ["no test ran", { test: "echo '0 passed, 0 failed'" }, { passes: false, lastLine: "0 passed, 0 failed" }],
    ["the types are wrong", { test: "exit 2" }, { passes: false, lastLine: "0 passed, 0 failed" }],
    ["nothing is said", { test: "true" }, { passes: false, lastLine: "0 passed, 0 failed" }],
    [
      "the installation breaks",
      { ci: "exit 1", test: "echo '12 passed, 0 failed'" },
      { passes: false, lastLine: "0 passed, 0 failed" },
    ],
  ])("ends with the totals when %s", (_case, npm, expected) => {
    expect(runWith(npm)).toEqual(expected)
  })
})
