import type { Belonging } from "../exchange.ts"
import { foreignKeys } from "./foreignKeys.ts"
import { grants } from "./grants.ts"
import { indexNames } from "./indexNames.ts"
import { identitySequences, serialSequences } from "./sequences.ts"

/** Everything that changes hands with the name, in the order in which it is taken. */
export const belongings: readonly Belonging[] = [foreignKeys, identitySequences, serialSequences, indexNames, grants]
