import type { TestServer } from "../../test/support/database.ts"
import { randomOf } from "../../test/support/random.ts"
import type { Options, Plan } from "../Scenario.ts"
import { type Moment, renderMoments } from "./Moment.ts"
import { assertNotFewer } from "./recorded.ts"
import { type Recorded, momentsOf, recordingOf } from "./recording.ts"

type Planning = {
  readonly perRun: number
  /** Of a full round each statement's moment before it or after it, by turns, and not both. */
  readonly isOncePerStatement?: boolean
}

/**
 * All moments, or of each kind of statement one that the first seed chooses; dealt out to runs so that each of them suffers from
 * its begin to its end.
 */
export async function planMoments(server: TestServer, options: Options, planning: Planning): Promise<Plan> {
  const { statements } = await recordingOf(server)
  return { cases: dealOut(statements, options, planning), failures: await assertNotFewer(statements) }
}

/** Moments of a recording, in cases as `--at` takes them. */
export function dealOut(
  statements: readonly Recorded[],
  { size, first }: Pick<Options, "size" | "first">,
  { perRun, isOncePerStatement = false }: Planning,
): string[] {
  const all = momentsOf(statements)
  const full = isOncePerStatement ? all.filter((_, n) => n % 4 === 0 || n % 4 === 3) : all
  const chosen = size === "full" ? full : oneOfEachKind(all, first)
  const runs = Math.ceil(chosen.length / perRun)
  return Array.from({ length: runs }, (_, run) => renderMoments(chosen.filter((__, n) => n % runs === run)))
}

function oneOfEachKind(moments: readonly Moment[], seed: number): Moment[] {
  const { random } = randomOf(String(seed))
  const byKind = Map.groupBy(moments, (moment) => moment.kind)
  const chosen = new Set([...byKind.values()].map((ones) => ones[Math.floor(random() * ones.length)]))
  return moments.filter((moment) => chosen.has(moment))
}
