import type { Belonging } from "../swap/exchange.ts"
import { partition } from "./belongings/partition.ts"

/** What changes hands where the table is a partition, before all that any table has: taken first, and given last. */
export const splitBelongings: readonly Belonging[] = [partition]
