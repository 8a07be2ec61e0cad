import type { Run } from "../../../store/runs.ts"
import { splitBelongings } from "../../split/belongings.ts"
import { placeOf } from "../../split/place.ts"
import type { Belonging } from "../exchange.ts"
import { foreignKeys } from "./foreignKeys.ts"
import { grants } from "./grants.ts"
import { incomingKeys } from "./incomingKeys.ts"
import { indexNames } from "./indexNames.ts"
import { materializedViews } from "./materializedViews.ts"
import { policies } from "./policies.ts"
import { publications } from "./publications.ts"
import { rules } from "./rules.ts"
import { identitySequences, serialSequences } from "./sequences.ts"
import { sqlFunctions } from "./sqlFunctions.ts"
import { statisticsNames } from "./statisticsNames.ts"
import { unvalidatedChecks } from "./unvalidatedChecks.ts"
import { triggers } from "./triggers.ts"
import { views } from "./views.ts"

/** Everything that changes hands with the name, in the order in which it is taken; it is given in the reverse order. */
export function belongingsOf(run: Run): readonly Belonging[] {
  return placeOf(run) === undefined ? belongings : [...splitBelongings, ...belongings]
}

const belongings: readonly Belonging[] = [
  publications,
  sqlFunctions,
  materializedViews,
  views,
  rules,
  policies,
  triggers,
  incomingKeys,
  foreignKeys,
  unvalidatedChecks,
  identitySequences,
  serialSequences,
  statisticsNames,
  indexNames,
  grants,
]
