/**
 * Bugs put in on purpose, one after the other, each into a copy of the checkout: the test that is named for it must turn red,
 * and without the bug be green.
 * `npm run mutants -- [bug …] [--json FILE]`
 */
import { execFile } from "node:child_process"
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { putIn } from "./putIn.ts"
import { type Bug, bugs } from "./bugs.ts"

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: "string" } } })

/** `red` is what is wanted; a test that did not run, or a text that is not there, has shown nothing. */
type Verdict = "red" | "GREEN" | "NOT RUN" | "TEXT NOT FOUND"

type Shown = { readonly bug: string; readonly verdict: Verdict; readonly seconds: number }

async function main(): Promise<void> {
  const chosen = chooseBugs()
  const folder = await copyCheckout()
  try {
    const notGreen = await findNotGreen(folder, chosen)
    for (const title of notGreen) process.stderr.write(`not green without any bug: ${title}\n`)
    const all: Shown[] = []
    for (const bug of chosen) {
      const startedAt = performance.now()
      const verdict = await show(folder, bug)
      all.push({ bug: bug.name, verdict, seconds: Math.round((performance.now() - startedAt) / 1_000) })
      process.stdout.write(`${verdict.padEnd(14)}  ${bug.name.padEnd(20)}  ${bug.says}\n`)
    }
    const red = all.filter((one) => one.verdict === "red").length
    process.stdout.write(`${red} of ${all.length} bugs turn their test red\n`)
    if (values.json !== undefined)
      await writeFile(values.json, `${JSON.stringify({ at: new Date(), notGreen, bugs: all }, null, 2)}\n`)
    if (red < all.length || notGreen.length > 0) process.exitCode = 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function chooseBugs(): readonly Bug[] {
  const unknown = positionals.filter((name) => !bugs.some((bug) => bug.name === name))
  if (unknown.length > 0)
    throw new Error(`no bug ${unknown.join(", ")}; there are ${bugs.map((bug) => bug.name).join(", ")}`)
  return bugs.filter((bug) => positionals.length === 0 || positionals.includes(bug.name))
}

const checkout = fileURLToPath(new URL("../..", import.meta.url))
const copied = ["bin", "src", "test", "package.json", "tsconfig.json", "vitest.config.ts"]

async function copyCheckout(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pg-cutover-mutants-"))
  for (const name of copied) await cp(join(checkout, name), join(folder, name), { recursive: true })
  await symlink(join(checkout, "node_modules"), join(folder, "node_modules"))
  return folder
}

/** Titles of tests that fail without a bug, or are not there: they would prove nothing. */
async function findNotGreen(folder: string, chosen: readonly Bug[]): Promise<string[]> {
  const tests = new Map(chosen.map((bug) => [bug.test[1], bug.test[0]]))
  const ended = await runTests(folder, [...new Set(tests.values())], [...tests.keys()])
  return [...tests.keys()].filter((title) => ended.get(title) !== "passed")
}

async function show(folder: string, bug: Bug): Promise<Verdict> {
  const file = join(folder, "src", bug.file)
  const sound = await readFile(file, "utf8")
  const broken = putIn(bug, sound)
  if (broken === undefined) return "TEXT NOT FOUND"
  await writeFile(file, broken)
  try {
    const ended = await runTests(folder, [bug.test[0]], [bug.test[1]])
    const status = ended.get(bug.test[1])
    if (status === undefined) return "NOT RUN"
    return status === "failed" ? "red" : "GREEN"
  } finally {
    await writeFile(file, sound)
  }
}

/** A bug may let a test wait for ever. */
const mostTestMs = 40_000

type Results = {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[]
  }[]
}

/** How each test with one of these titles ended. */
async function runTests(
  folder: string,
  files: readonly string[],
  titles: readonly string[],
): Promise<Map<string, string>> {
  const output = join(folder, "results.json")
  await rm(output, { force: true })
  const pattern = titles.map((title) => title.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)).join("|")
  const program = join(folder, "node_modules", "vitest", "vitest.mjs")
  const options = [
    "--reporter=json",
    `--outputFile=${output}`,
    `--testTimeout=${mostTestMs}`,
    `--testNamePattern=(${pattern})$`,
  ]
  // A test that is red makes it fail: the file says what happened.
  await new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, "run", ...files, ...options],
      { cwd: folder, timeout: 10 * mostTestMs },
      resolve,
    )
  })
  const text = await readFile(output, "utf8").catch(() => `{"testResults":[]}`)
  const results = (JSON.parse(text) as Results).testResults.flatMap((one) => one.assertionResults)
  return new Map(results.filter((one) => titles.includes(one.title)).map((one) => [one.title, one.status]))
}

await main()
