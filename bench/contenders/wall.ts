import { countRows, columns, source } from "../returns.ts"
import { timed } from "../timed.ts"
import type { Contender } from "./Contender.ts"

const copied = "public.returns_copied"

/** The wall that no way gets through: the rows are written once, and nothing else. */
export const wall: Contender = {
  kind: "wall",
  name: "CREATE TABLE AS",
  says: "the rows alone, into one table without any index or partition: no way can be faster on one connection.",
  parallel: 1,
  prepare: async () => {},
  run: async ({ client }) => ({
    ms: await timed(() => client.query(`create table ${copied} as select ${columns} from ${source}`)),
    process: null,
    parts: {},
  }),
  check: async ({ client }, { rows }) => {
    const found = await countRows(client, copied)
    if (found !== rows) throw new Error(`${copied} has ${found} rows instead of ${rows}`)
  },
}
