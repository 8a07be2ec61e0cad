import type { PartitionEffect, RunEffect } from "../../src/machine/effects.ts"

/** An effect as the tables write it: `+attach`, `+attach@1500ms`, `+lanes`, `+rejoin`, `+sweeps`, `run.paused` (a record), `finish`. */
export function renderEffect(effect: RunEffect | PartitionEffect): string {
  switch (effect.type) {
    case "schedule":
      return `+${effect.task}${"delayMs" in effect && effect.delayMs > 0 ? `@${effect.delayMs}ms` : ""}`
    case "fillLanes":
      return "+lanes"
    case "sweep":
      return "+sweeps"
    case "rejoin":
      return "+rejoin"
    case "record":
      return effect.kind
    case "finish":
      return "finish"
  }
}
