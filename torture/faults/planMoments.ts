import type { TestServer } from "../../test/support/database.ts"
import { randomOf } from "../../test/support/random.ts"
import type { Options, Plan } from "../Scenario.ts"
import { type Moment, renderMoments } from "./Moment.ts"
import { assertNotFewer } from "./recorded.ts"
import { type Recorded, momentsOf, recordingOf } from "./recording.ts"

/**
 * All moments, or of each kind of statement one that the first seed chooses; dealt out to runs so that each of them suffers from
 * its begin to its end.
 */
export async function planMoments(server: TestServer, { size, first }: Options, perRun: number): Promise<Plan> {
  const { statements } = await recordingOf(server)
  return { cases: dealOut(statements, { size, first }, perRun), failures: await assertNotFewer(statements) }
}

/** Moments of a recording, in cases as `--at` takes them. */
export function dealOut(
  statements: readonly Recorded[],
  { size, first }: Pick<Options, "size" | "first">,
  perRun: number,
): string[] {
  const all = momentsOf(statements)
  const chosen = size === "full" ? all : oneOfEachKind(all, first)
  const runs = Math.ceil(chosen.length / perRun)
  return Array.from({ length: runs }, (_, run) => renderMoments(chosen.filter((__, n) => n % runs === run)))
}

function oneOfEachKind(moments: readonly Moment[], seed: number): Moment[] {
  const { random } = randomOf(String(seed))
  const byKind = Map.groupBy(moments, (moment) => moment.kind)
  const chosen = new Set([...byKind.values()].map((ones) => ones[Math.floor(random() * ones.length)]))
  return moments.filter((moment) => chosen.has(moment))
}
