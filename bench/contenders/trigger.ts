import type pg from "pg"
import { assertPartitioned, columns, source } from "../returns.ts"
import { createFullTarget, target } from "../target.ts"
import { timed } from "../timed.ts"
import type { Contender } from "./Contender.ts"

/** What tools for online migrations do: writes are mirrored by a trigger, and the rows follow in batches by their key. */
export const trigger: Contender = {
  kind: "trigger",
  name: "mirroring trigger",
  says: `a trigger on the source that mirrors each write into the partitioned table with its indexes, and batches of 10,000 rows by primary key, each a transaction, with \`ON CONFLICT DO NOTHING\`; nothing is compared.`,
  parallel: 1,
  prepare: async ({ client }, data) => {
    await createFullTarget(client, data)
    await client.query(mirrorSql)
  },
  run: async ({ client }) => ({ ms: await timed(() => copyByKey(client)), process: null, parts: {} }),
  check: async ({ client }, data) => await assertPartitioned(client, target, data),
}

const batchRows = 10_000

async function copyByKey(client: pg.Client): Promise<void> {
  for (let last: string | null = "0"; last !== null;) last = await copyBatch(client, last)
}

/** The last key of the batch; null when there are no more rows. */
async function copyBatch(client: pg.Client, last: string): Promise<string | null> {
  const { rows } = await client.query<{ last: string | null }>({ name: "batch", text: batchSql, values: [last] })
  return rows[0]?.last ?? null
}

const batchSql = `
with batch as (
  select ${columns} from ${source} where id > $1::bigint order by id limit ${batchRows}
), written as (
  insert into ${target} (${columns}) select ${columns} from batch on conflict do nothing
)
select max(id)::text as last from batch`

const values = columns
  .split(", ")
  .map((column) => `new.${column}`)
  .join(", ")

const mirrorSql = `
create function public.mirror_returns() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then
    delete from ${target} where id = old.id and return_date = old.return_date;
  end if;
  if tg_op <> 'DELETE' then
    insert into ${target} (${columns}) values (${values}) on conflict do nothing;
  end if;
  return null;
end $$;
create trigger mirror_returns after insert or update or delete on ${source}
  for each row execute function public.mirror_returns()`
