import type { Blueprint } from "../store/Blueprint.ts"
import type { Run } from "../store/runs.ts"

/** What the source looked like when its writes were guarded; a step that comes earlier must not ask. */
export function requireBlueprint(run: Run): Blueprint {
  if (run.blueprint === null) throw new Error(`run ${run.id} has no blueprint yet`)
  return run.blueprint
}
