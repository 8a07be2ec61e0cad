import type { Bench } from "../Bench.ts"
import { type Contender, type ContenderKind, contenderKinds } from "./Contender.ts"
import { bare } from "./bare.ts"
import { cutover } from "./cutover.ts"
import { naive } from "./naive.ts"
import { runbook } from "./runbook.ts"
import { trigger } from "./trigger.ts"
import { wall } from "./wall.ts"

/** All that take part, in the order of the table: those with several connections once for each number of them. */
export function contendersOf({ contenders, parallel, batchTarget }: Bench): Contender[] {
  const makers: Record<ContenderKind, () => Contender[]> = {
    naive: () => [naive],
    runbook: () => [runbook],
    trigger: () => [trigger],
    wall: () => [wall],
    bare: () => parallel.map(bare),
    cutover: () => parallel.map((count) => cutover({ parallel: count, batchTarget })),
  }
  return contenderKinds.filter((kind) => contenders.includes(kind)).flatMap((kind) => makers[kind]())
}
