import type { Scenario } from "../Scenario.ts"
import { atOnce } from "./atOnce.ts"
import { commits } from "./commits.ts"
import { crash } from "./crash.ts"
import { cut } from "./cut.ts"
import { eight } from "./eight.ts"
import { failover } from "./failover.ts"
import { halfOpen } from "./halfOpen.ts"
import { hot } from "./hot.ts"
import { kill, sigkill } from "./kill.ts"
import { reader } from "./reader.ts"
import { relabel, split } from "./relabel.ts"
import { rollback } from "./rollback.ts"
import { signals } from "./signals.ts"
import { sqlstates } from "./sqlstates.ts"
import { storm } from "./storm.ts"
import { takeOver } from "./takeOver.ts"
import { truncate } from "./truncate.ts"
import { zombie } from "./zombie.ts"
import { writes } from "./writes.ts"

/** All scenarios, in the order in which they are played. */
export const scenarios: readonly Scenario[] = [
  writes,
  rollback,
  truncate,
  hot,
  reader,
  kill,
  sigkill,
  relabel,
  split,
  cut,
  storm,
  takeOver,
  halfOpen,
  crash,
  failover,
  commits,
  signals,
  zombie,
  eight,
  atOnce,
  sqlstates,
]
