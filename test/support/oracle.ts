import pg from "pg"
import type { TestDatabase } from "./database.ts"

/** What a table held at one moment: how many rows, and a hash of all of them that is blind to order. */
export type Content = { readonly rows: string; readonly hash: string }

/** Counts and hashes by text, independently of how the product compares. */
export async function contentOf(database: TestDatabase, table: string): Promise<Content> {
  const [content] = await database.query<Content>(
    `select count(*)::text as rows, coalesce(sum(hashtextextended(t::text, 7)), 0)::text as hash from ${table} t`,
  )
  if (content === undefined) throw new Error(`no content of ${table}`)
  return content
}

/** The partitions of a table: name, bound and rows, by name. */
export async function partitionsOf(
  database: TestDatabase,
  table: string,
): Promise<{ name: string; bound: string; rows: number }[]> {
  const found = await database.query<{ schema: string; name: string; bound: string }>(
    `select n.nspname as schema, c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound
     from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace
     where i.inhparent = $1::regclass order by c.relname`,
    [table],
  )
  const partitions = []
  for (const { schema, name, bound } of found) {
    const [count] = await database.query<{ rows: number }>(
      `select count(*)::int as rows from only ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`,
    )
    partitions.push({ name, bound, rows: count?.rows ?? 0 })
  }
  return partitions
}

/** The names of indexes and constraints of a table, with what they are. */
export async function namesOf(database: TestDatabase, table: string): Promise<string[]> {
  const rows = await database.query<{ what: string }>(
    `select 'index ' || c.relname as what from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = $1::regclass
     union all
     select 'constraint ' || conname from pg_constraint where conrelid = $1::regclass and contype <> 'n' order by 1`,
    [table],
  )
  return rows.map((row) => row.what)
}

/** Everything of ours, and of the table, that a database's catalog lists; for "nothing was changed". */
export async function catalogOf(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ line: string }>(
    `select format('%s %s.%s %s', c.relkind, n.nspname, c.relname, c.relowner::regrole) as line
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
     union all
     select format('schema %s', nspname) from pg_namespace where nspname not like 'pg\\_%'
     union all
     select format('trigger %s on %s', tgname, tgrelid::regclass) from pg_trigger where not tgisinternal
     union all
     select format('constraint %s on %s: %s', conname, conrelid::regclass, pg_get_constraintdef(oid)) from pg_constraint where conrelid <> 0
       and connamespace::regnamespace::text not like 'pg\\_%' and connamespace::regnamespace::text <> 'information_schema'
     union all
     select format('function %s', oid::regprocedure) from pg_proc where pronamespace::regnamespace::text not like 'pg\\_%' and pronamespace::regnamespace::text <> 'information_schema'
     order by 1`,
  )
  return rows.map((row) => row.line)
}
