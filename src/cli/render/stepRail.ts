import { stepNames, type Control, type Status } from "../../domain/status.ts"
import type { Theme } from "./theme.ts"

const marks: Readonly<Record<Control, string>> = { running: "●", waiting: "◌", paused: "‖", halted: "✗" }

/** The steps of a run in their order, each done, under way or to come; none for a run that was undone. */
export function stepRail({ run, attach }: Status, theme: Theme): string[] {
  if (run.state === "aborted" || run.state === "rolledBack") return []
  if (run.state === "done") {
    // A run that was not opted in to ends after its preparation.
    const last = attach.swappedAt === null ? stepNames.indexOf("prep") : stepNames.length
    return stepNames.map((step, at) => (at <= last ? theme.good(`${step} ✓`) : theme.quiet(step)))
  }
  const current = stepNames.indexOf(run.state)
  return stepNames.map((step, at) => {
    if (at < current) return theme.good(`${step} ✓`)
    return at === current ? controlStyle(run, theme)(`${step} ${marks[run.control]}`) : theme.quiet(step)
  })
}

/** The color of a run by how it is: running, waiting, paused or halted, and by its end. */
export function controlStyle({ state, control }: Status["run"], theme: Theme): (text: string) => string {
  if (state === "done") return theme.good
  if (state === "aborted" || state === "rolledBack") return theme.warning
  if (control === "running") return theme.active
  return control === "halted" ? theme.bad : theme.warning
}
