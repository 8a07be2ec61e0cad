import { assertPartitioned, columns, source } from "../returns.ts"
import { createFullTarget, target } from "../target.ts"
import { timed } from "../timed.ts"
import type { Contender } from "./Contender.ts"

/** One statement, as anybody would write it: it proves nothing, and when it fails it has done nothing. */
export const naive: Contender = {
  kind: "naive",
  name: "naive insert",
  says: "`INSERT INTO … SELECT` of all rows into the partitioned table with its indexes, which is there before; nothing is compared.",
  parallel: 1,
  prepare: async ({ client }, data) => await createFullTarget(client, data),
  run: async ({ client }) => ({
    ms: await timed(() => client.query(`insert into ${target} (${columns}) select ${columns} from ${source}`)),
    process: null,
    parts: {},
  }),
  check: async ({ client }, data) => await assertPartitioned(client, target, data),
}
