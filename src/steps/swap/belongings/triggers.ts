import type { Queryable } from "../../../postgres/Queryable.ts"
import { type Sql, ident, raw, sql, table } from "../../../postgres/sql.ts"
import type { Belonging, Exchange } from "../exchange.ts"
import { commentStatement } from "./comments.ts"

type Trigger = {
  readonly name: string
  readonly definition: string
  /** `pg_trigger.tgenabled`: O origin, D disabled, R replica, A always. */
  readonly enabled: string
  readonly comment: string | null
}

/** The application's triggers. The table that is parked has none: what we write to it has happened already. */
export const triggers: Belonging = {
  read: async (db, { table: name, front }) => {
    const found = await readTriggers(db, front.oid)
    return {
      take: found.map((trigger) => sql`drop trigger ${ident(trigger.name)} on ${table(name)}`),
      give: found.flatMap((trigger) => [raw(trigger.definition), ...stateOf({ table: name }, trigger)]),
    }
  },
}

function stateOf({ table: name }: Pick<Exchange, "table">, { name: trigger, enabled, comment }: Trigger): Sql[] {
  const words: Readonly<Record<string, string>> = { D: "disable", R: "enable replica", A: "enable always" }
  const word = words[enabled]
  return [
    ...(word === undefined ? [] : [sql`alter table ${table(name)} ${raw(word)} trigger ${ident(trigger)}`]),
    ...commentStatement(sql`trigger ${ident(trigger)} on ${table(name)}`, comment),
  ]
}

async function readTriggers(db: Queryable, oid: number): Promise<Trigger[]> {
  const { rows } = await db.query<Trigger>(sql`
    select t.tgname as name, pg_get_triggerdef(t.oid) as definition, t.tgenabled as enabled,
           obj_description(t.oid, 'pg_trigger') as comment
    from pg_trigger t
    where t.tgrelid = ${oid}
      and not t.tgisinternal
      -- Those of the whole that a partition belongs to come with ATTACH, and go with DETACH.
      and t.tgparentid = 0
      and t.tgname not like 'cutover\\_%'
    order by t.oid`)
  return rows
}
