import { escapeIdentifier as quote, escapeLiteral as literal } from "pg"
import { vary } from "./hostileNames.ts"

/** A table all of whose names are made of one hostile name, as SQL writes them. */
export type HostileTable = {
  readonly table: string
  readonly key: string
  readonly view: string
  readonly trigger: string
  readonly setup: string
  readonly insert: string
  readonly update: string
  readonly delete: string
  /** Changes every row: more than what is replayed under the lock. */
  readonly touch: string
}

/** The name stands where it is free to stand; where two things share names, or PostgreSQL reserves it, a variation of it. */
export function hostileTable(name: string): HostileTable {
  const schemaName = /^(pg_|information_schema$)/.test(name) ? vary(name, "s").replace(/^pg_/, "p_") : name
  const schema = quote(schemaName)
  const table = `${schema}.${quote(name)}`
  const [id, column, sequence, index, primary, statistics] = ["1", "2", "3", "4", "5", "6"].map((n) =>
    quote(vary(name, n)),
  )
  const views = quote(vary(schemaName, "v"))
  const own = name.startsWith("cutover_") ? `x${name}` : name
  const key = quote(name)
  return {
    table,
    key: name,
    view: `${views}.${key}`,
    trigger: own,
    setup: `
      create schema ${schema};
      create schema ${views};
      create sequence ${schema}.${sequence};
      create table ${table} (
        ${id} bigint not null default nextval(${literal(`${schema}.${sequence}`)}),
        ${key} date not null,
        ${column} text default ${literal(name)},
        constraint ${primary} primary key (${id}),
        constraint ${quote(own)} check (${column} is distinct from ${literal(`not ${name}`)})
      );
      alter sequence ${schema}.${sequence} owned by ${table}.${id};
      create index ${index} on ${table} (${column}, ${key}) where ${column} <> ${literal(`${name}!`)};
      create statistics ${schema}.${statistics} on ${key}, ${column} from ${table};
      create view ${views}.${key} as select ${key}, ${column} from ${table};
      create trigger ${quote(own)} after insert on ${table} for each row execute function canary.fired();
      comment on table ${table} is ${literal(name)};
      insert into ${table} (${key}) select date '2024-01-01' + g / 2 from generate_series(1, 80) g`,
    insert: `insert into ${table} (${key}) values ('2024-02-03'), ('2024-03-04')`,
    update: `update ${table} set ${key} = ${key} + 31, ${column} = ${literal(`${name}?`)} where ${id} in (7, 8)`,
    touch: `update ${table} set ${column} = ${column} || '.'`,
    delete: `delete from ${table} where ${id} in (11, 12)`,
  }
}
