/** What is done to rows: `update` leaves the keys as they are, `move` changes the partition key. */
export const kinds = ["insert", "update", "move", "delete"] as const
export type Kind = (typeof kinds)[number]

/** One way to append the keys of written rows to `cutover.changes_x`. */
export type Form = {
  readonly name: string
  /** The functions and triggers for one kind of writes; undefined where the form has nothing of its own for that kind. */
  readonly install: (kind: Kind) => string | undefined
  /** How many keys it leaves for one row. */
  readonly keysPerRow: (kind: Kind) => number
  /** Reads how many keys it has left. */
  readonly countSql?: string
}

/** What the others are compared with. */
export const noTrigger: Form = { name: "no trigger", install: () => "", keysPerRow: () => 0 }

export const rowPerEvent: Form = {
  name: "row",
  install: (kind) => rowTrigger(kind, rowBodies[kind]),
  keysPerRow: fewestKeys,
}

export const statement: Form = {
  name: "statement",
  install: (kind) => statementTrigger(kind, statementBodies[kind]),
  keysPerRow: bothKeys,
}

/** The statement trigger for all SQL; the row trigger for the apply workers of logical replication, which fire no other. */
export const chosen: Form = {
  name: "statement, and row for replicas",
  install: (kind) => `${statementTrigger(kind, statementBodies[kind])}
    ${rowTrigger("insert or update or delete", oneForAll, { name: "capture_replica" })}
    alter table public.returns_raw enable replica trigger capture_replica;`,
  keysPerRow: bothKeys,
}

/** In the order of the tables. The first is compared with itself: what it differs by is noise. */
export const forms: readonly Form[] = [
  noTrigger,
  rowPerEvent,
  { name: "row, one function for all events", install: (kind) => rowTrigger(kind, oneForAll), keysPerRow: fewestKeys },
  {
    name: "row, always two keys",
    install: (kind) => (isUpdate(kind) ? rowTrigger(kind, `${append("old")}, ${values("new")};`) : undefined),
    keysPerRow: bothKeys,
  },
  {
    name: "row, search_path not pinned",
    install: (kind) => rowTrigger(kind, rowBodies[kind], { pin: "" }),
    keysPerRow: fewestKeys,
  },
  { name: "row, appended by its WHEN", install: whenTrigger, keysPerRow: () => 1 },
  statement,
  {
    name: "statement, search_path not pinned",
    install: (kind) => statementTrigger(kind, statementBodies[kind], { pin: "" }),
    keysPerRow: bothKeys,
  },
  {
    name: "statement, UNION",
    install: (kind) =>
      isUpdate(kind) ? statementTrigger(kind, `${select("old_rows")} union ${select("new_rows")}`) : undefined,
    keysPerRow: fewestKeys,
  },
  {
    name: "statement, old keys by row",
    install: (kind) =>
      isUpdate(kind)
        ? `${statementTrigger(kind, select("new_rows"), { tables: "new table as new_rows" })}
           ${rowTrigger(kind, `${append("old")};`, { name: "capture_moved", when: keysDiffer })}`
        : undefined,
    keysPerRow: fewestKeys,
  },
  {
    name: "statement, one row of arrays",
    install: (kind) => (isUpdate(kind) ? undefined : arraysTrigger(kind)),
    keysPerRow: bothKeys,
    countSql: "select coalesce(sum(cardinality(ids)), 0)::int as keys from cutover.changes_x_arrays",
  },
  chosen,
]

function isUpdate(kind: Kind): boolean {
  return kind === "update" || kind === "move"
}

function bothKeys(kind: Kind): number {
  return isUpdate(kind) ? 2 : 1
}

function fewestKeys(kind: Kind): number {
  return kind === "move" ? 2 : 1
}

const keysDiffer = "(old.id, old.return_date) is distinct from (new.id, new.return_date)"

const rowBodies: Readonly<Record<Kind, string>> = {
  insert: `${append("new")};`,
  update: updateBody(),
  move: updateBody(),
  delete: `${append("old")};`,
}

const oneForAll = `
  if tg_op = 'INSERT' then
    ${append("new")};
  elsif tg_op = 'DELETE' then
    ${append("old")};
  else
    ${updateBody()}
  end if;`

function updateBody(): string {
  return `if ${keysDiffer} then ${append("old")}, ${values("new")}; else ${append("new")}; end if;`
}

function append(row: string): string {
  return `insert into cutover.changes_x values ${values(row)}`
}

function values(row: string): string {
  return `(${row}.id, ${row}.return_date)`
}

const statementBodies: Readonly<Record<Kind, string>> = {
  insert: select("new_rows"),
  update: `${select("old_rows")} union all ${select("new_rows")}`,
  move: `${select("old_rows")} union all ${select("new_rows")}`,
  delete: select("old_rows"),
}

function select(rows: string): string {
  return `select r.id, r.return_date from ${rows} r`
}

const pinned = "set search_path = pg_catalog, pg_temp"

type TriggerOptions = {
  readonly name?: string
  readonly pin?: string
  readonly when?: string
  readonly tables?: string
}

function rowTrigger(event: string, body: string, options: TriggerOptions = {}): string {
  const { name = "capture", pin = pinned, when } = options
  return `${triggerFunction(name, body, pin)}
    create trigger ${name} after ${event.replace("move", "update")} on public.returns_raw
      for each row ${when === undefined ? "" : `when (${when})`} execute function cutover.${name}();
    alter table public.returns_raw enable always trigger ${name};`
}

const transitionTables: Readonly<Record<Kind, string>> = {
  insert: "new table as new_rows",
  update: "old table as old_rows new table as new_rows",
  move: "old table as old_rows new table as new_rows",
  delete: "old table as old_rows",
}

function statementTrigger(kind: Kind, query: string, options: TriggerOptions = {}): string {
  const { pin = pinned, tables = transitionTables[kind] } = options
  return wholeStatementTrigger(kind, tables, triggerFunction("capture", `insert into cutover.changes_x ${query};`, pin))
}

function arraysTrigger(kind: Kind): string {
  const rows = kind === "insert" ? "new_rows" : "old_rows"
  const body = `insert into cutover.changes_x_arrays select array_agg(r.id), array_agg(r.return_date) from ${rows} r;`
  return `create table cutover.changes_x_arrays (ids bigint[], days date[]);
    alter table cutover.changes_x_arrays alter ids set storage external, alter days set storage external;
    ${wholeStatementTrigger(kind, transitionTables[kind], triggerFunction("capture", body, pinned))}`
}

function wholeStatementTrigger(kind: Kind, tables: string, functionSql: string): string {
  return `${functionSql}
    create trigger capture after ${kind.replace("move", "update")} on public.returns_raw
      referencing ${tables} for each statement execute function cutover.capture();
    alter table public.returns_raw enable always trigger capture;`
}

/** The condition of the trigger appends the keys and is never true, so no event is queued and no row fetched again. */
function whenTrigger(kind: Kind): string | undefined {
  if (isUpdate(kind)) return undefined
  const row = kind === "insert" ? "new" : "old"
  return `create function cutover.append(id bigint, d date) returns boolean language plpgsql security definer ${pinned} as
      $$ begin insert into cutover.changes_x values (id, d); return false; end $$;
    ${rowTrigger(kind, "", { when: `cutover.append(${row}.id, ${row}.return_date)` })}`
}

function triggerFunction(name: string, body: string, pin: string): string {
  return `create function cutover.${name}() returns trigger language plpgsql security definer ${pin} as
      $$ begin ${body} return null; end $$;`
}
