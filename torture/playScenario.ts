import { setTimeout as sleep } from "node:timers/promises"
import type { TestServer } from "../test/support/database.ts"
import type { Options, Round, Scenario } from "./Scenario.ts"
import { type Score, roundedMs, scoreOf } from "./scoreboard.ts"

type Case = { readonly seed: number; readonly at: string | undefined }

/** Plays the cases of a scenario, as many at once as it bears, says to stderr how each went, and counts. */
export async function playScenario(
  scenario: Scenario,
  server: TestServer,
  options: Options & { readonly seeds: string | undefined },
): Promise<Score> {
  process.stderr.write(`${scenario.id} ${scenario.name}: ${scenario.says}\n`)
  const startedAt = performance.now()
  using stray = new Strays()
  const { cases, failures } = await casesOf(scenario, server, options)
  for (const failure of failures) process.stderr.write(`       ${failure}\n`)
  const rounds: Round[] = []
  const waiting = cases.values()
  const playOn = async (): Promise<void> => {
    for (const one of waiting) {
      const round = await play(scenario, server, { ...options, at: one.at }, one.seed)
      rounds.push(round)
      report(scenario, server, round, { ...options, ...one })
    }
  }
  await Promise.all(Array.from({ length: scenario.atOnce ?? 1 }, playOn))
  return scoreOf(scenario, rounds, [...failures, ...stray.failures], performance.now() - startedAt)
}

/** What fails while nobody waits for it, in the product or here, is a failure of the scenario; the others are still played. */
class Strays implements Disposable {
  readonly failures: string[] = []
  readonly #hear = (error: unknown): void => {
    const causes = causesOf(error)
    this.failures.push(...causes)
    for (const cause of causes) process.stderr.write(`       nobody waited for it: ${cause}\n`)
  }

  constructor() {
    process.on("unhandledRejection", this.#hear)
    process.on("uncaughtException", this.#hear)
  }

  [Symbol.dispose](): void {
    process.off("unhandledRejection", this.#hear)
    process.off("uncaughtException", this.#hear)
  }
}

async function casesOf(
  scenario: Scenario,
  server: TestServer,
  options: Options & { readonly seeds: string | undefined },
): Promise<{ cases: Case[]; failures: readonly string[] }> {
  const wanted = Number(options.seeds ?? scenario.seeds[options.size])
  const { first, at } = options
  if (at !== undefined) return { cases: [{ seed: first, at }], failures: [] }
  if (scenario.plan === undefined) {
    const seeds = Array.from({ length: wanted }, (_, n) => first + n)
    return { cases: seeds.map((seed) => ({ seed, at: undefined })), failures: [] }
  }
  const plan = await scenario.plan(server, options)
  const cases = plan.cases.map((one, n) => ({ seed: first + n, at: one }))
  return { cases: cases.slice(0, wanted), failures: plan.failures }
}

/** A round that lasts longer hangs. */
const roundMs = 600_000

/** What breaks a scenario off, or never ends, is a failure of it like any other. */
async function play(scenario: Scenario, server: TestServer, options: Options, seed: number): Promise<Round> {
  const tooLong = sleep(roundMs, undefined, { ref: false }).then((): never => {
    throw new Error(`the round has not ended after ${roundMs / 1_000} s`)
  })
  try {
    return await Promise.race([scenario.run(server, seed, options), tooLong])
  } catch (error) {
    return { failures: causesOf(error), counts: {}, ms: {} }
  }
}

/** What broke a round off comes last where its cleaning up failed as well. */
function causesOf(error: unknown): string[] {
  if (error instanceof SuppressedError) return [...causesOf(error.error), ...causesOf(error.suppressed)]
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)]
}

function report(scenario: Scenario, server: TestServer, round: Round, { seed, at, rows, size }: Options & Case): void {
  const isGood = round.failures.length === 0
  const facts = JSON.stringify({ seed, ...round.counts, ...roundedMs(round.ms) })
  process.stderr.write(`  ${isGood ? "ok  " : "FAIL"} ${facts}\n`)
  for (const failure of round.failures) process.stderr.write(`       ${failure}\n`)
  if (isGood) return
  const which = at === undefined ? "--seeds 1" : `--at '${at}'`
  const how = `--first ${seed} --major ${server.major} --rows ${rows}${size === "usual" ? "" : ` --${size}`}`
  process.stderr.write(`       again: npm run torture -- ${scenario.name} ${which} ${how}\n`)
}
