import pg from "pg"

/** Something of a stranger's that has the name of a thing of pg_catalog, or of our own, and notes who calls it. */
export type Shadow = {
  readonly what: string
  readonly sql: (schema: string) => string
  /** A statement that meets it where its schema comes first in the search path. */
  readonly use: string
}

const quoted = pg.escapeLiteral

/** What notes the calls: in a schema of its own, so that it is the same wherever the shadow lies. */
export const recorder = `
  create table evil.calls (what text, who name);
  create function evil.record(text, name) returns void language sql security definer set search_path = pg_catalog, pg_temp
    as 'insert into evil.calls values ($1, $2)';
  create function evil.recorded(text) returns int language plpgsql set search_path = pg_catalog, pg_temp
    as 'begin perform evil.record($1, current_user); return 1; end'`

function ofFunction(name: string, args: string, returns: string, call: string): Shadow {
  const what = `${name}(${args})`
  return { what, sql: (schema) => definition(`${schema}.${name}`, args, returns, what), use: `select ${call}` }
}

function ofAggregate(name: string): Shadow {
  const what = `${name}(*)`
  return {
    what,
    sql: (schema) => `
      ${definition(`${schema}.${name}_rows`, "int8", "int8", what)};
      create aggregate ${schema}.${name}(*) (sfunc = ${schema}.${name}_rows, stype = int8, initcond = '0')`,
    use: `select ${name}(*) from pg_catalog.pg_type`,
  }
}

function ofOperator(name: string, type: string): Shadow {
  const what = `${type} ${name} ${type}`
  const value = type === "date" ? "date '2024-01-01'" : `'1'::pg_catalog.${type}`
  const behind = `${type}_${Buffer.from(name).toString("hex")}`
  return {
    what,
    sql: (schema) => `
      ${definition(`${schema}.${behind}`, `${type}, ${type}`, name === "||" ? type : "bool", what)};
      create operator ${schema}.${name} (function = ${schema}.${behind}, leftarg = ${type}, rightarg = ${type})`,
    use: `select ${value} ${name} ${value}`,
  }
}

function definition(name: string, args: string, returns: string, what: string): string {
  return `create function ${name}(${args}) returns ${returns} language plpgsql set search_path = pg_catalog, pg_temp as
    $$ begin perform evil.record(${quoted(what)}, current_user); return null; end $$`
}

function ofRelation(name: string, columns: string): Shadow {
  return {
    what: name,
    sql: (schema) =>
      `create view ${schema}.${name} as select ${columns} from evil.recorded(${quoted(name)}) as recorded`,
    use: `select from ${name}`,
  }
}

function ofType(name: string, value: string): Shadow {
  return {
    what: `type ${name}`,
    sql: (schema) =>
      `create domain ${schema}.${name} as pg_catalog.${name} check (evil.recorded(${quoted(`type ${name}`)}) > 0)`,
    use: `select ${quoted(value)}::${name}`,
  }
}

/** What statements of ours name, and a hostile role may have made. */
export const shadows: readonly Shadow[] = [
  ofAggregate("count"),
  ofFunction("now", "", "timestamptz", "now()"),
  ofFunction("clock_timestamp", "", "timestamptz", "clock_timestamp()"),
  ofFunction("sum", "int8", "numeric", "sum(1::pg_catalog.int8)"),
  ofFunction("lower", "text", "text", "lower('x')"),
  ofFunction("md5", "text", "text", "md5('x')"),
  ofFunction("hash_record_extended", "record, int8", "int8", "hash_record_extended(row(1), 0)"),
  ofFunction("format", "text, variadic text[]", "text", "format('%s', 'x'::pg_catalog.text)"),
  ofFunction("int8range", "int8, int8", "int8range", "int8range(1::pg_catalog.int8, 2::pg_catalog.int8)"),
  ofFunction("set_config", "text, text, bool", "text", "set_config('a.b', 'c', false)"),
  ofFunction("current_setting", "text", "text", "current_setting('port')"),
  ofFunction("quote_ident", "text", "text", "quote_ident('x')"),
  ofFunction("pg_get_triggerdef", "oid", "text", "pg_get_triggerdef(1::pg_catalog.oid)"),
  ofFunction("date_trunc", "text, timestamp", "timestamp", "date_trunc('day', timestamp '2024-01-01')"),
  ofFunction("pg_notify", "text, text", "text", "pg_notify('a', 'b')"),
  ofFunction("gen_random_uuid", "", "uuid", "gen_random_uuid()"),
  ofFunction("pg_advisory_xact_lock", "int8", "text", "pg_advisory_xact_lock(1::pg_catalog.int8)"),
  ofFunction("pg_relation_size", "oid", "int8", "pg_relation_size(1::pg_catalog.oid)"),
  ofFunction("concat_ws", "text, variadic text[]", "text", "concat_ws(' ', 'x'::pg_catalog.text)"),
  ofOperator("=", "text"),
  ofOperator("=", "int8"),
  ofOperator("=", "name"),
  ofOperator("=", "date"),
  ofOperator(">=", "date"),
  ofOperator("<", "date"),
  ofOperator("||", "text"),
  ofRelation("pg_class", "null::oid as oid, null::name as relname, null::oid as relnamespace"),
  ofRelation("pg_namespace", "null::oid as oid, null::name as nspname"),
  ofRelation("pg_settings", "null::text as name, null::text as setting"),
  ofRelation("cutover_new", "1::int8 as id, date '2024-01-01' as d"),
  ofRelation("cutover_old", "1::int8 as id, date '2024-01-01' as d"),
  ofType("jsonb", "{}"),
  ofType("int8multirange", "{}"),
  ofType("uuid", "6f0f6c1e-7d0e-4a53-9c53-1d9a6f1f3b0a"),
  ofType("regclass", "pg_catalog.pg_proc"),
]
