import type { Belonging } from "../swap/exchange.ts"
import { grants } from "../swap/belongings/grants.ts"
import { incomingKeys } from "../swap/belongings/incomingKeys.ts"
import { materializedViews } from "../swap/belongings/materializedViews.ts"
import { policies } from "../swap/belongings/policies.ts"
import { publications } from "../swap/belongings/publications.ts"
import { rules } from "../swap/belongings/rules.ts"
import { serialSequences } from "../swap/belongings/sequences.ts"
import { sqlFunctions } from "../swap/belongings/sqlFunctions.ts"
import { statisticsNames } from "../swap/belongings/statisticsNames.ts"
import { triggers } from "../swap/belongings/triggers.ts"
import { unvalidatedChecks } from "../swap/belongings/unvalidatedChecks.ts"
import { views } from "../swap/belongings/views.ts"
import { adoptedKeys } from "./belongings/adoptedKeys.ts"
import { history } from "./belongings/history.ts"
import { historyIndexNames } from "./belongings/historyIndexNames.ts"
import { identitySequence } from "./belongings/identitySequence.ts"

/**
 * What changes hands where the table becomes a partition of its successor. The order matters around the history: on the way back
 * keys that point to it go before it is detached, its own afterwards; on the way there its checks are told to the whole once
 * it is attached, and the whole has its foreign keys before.
 */
export const relabelBelongings: readonly Belonging[] = [
  publications,
  sqlFunctions,
  materializedViews,
  views,
  rules,
  policies,
  triggers,
  incomingKeys,
  unvalidatedChecks,
  history,
  adoptedKeys,
  identitySequence,
  serialSequences,
  statisticsNames,
  historyIndexNames,
  grants,
]
