import { zoneBlocks } from "../../domain/pace.ts"
import type { TableName } from "../../domain/tableName.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, sql, table } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { intervalStartOfKey } from "../keyExpression.ts"
import { logColumns, logDefinition, sameKey } from "./logColumns.ts"
import { requireBlueprint } from "../requireBlueprint.ts"

/** The keys that this transaction has taken out of a log and replays: a temporary table, empty again when it ends. */
export function takenKeys(run: Run): Sql {
  return ident("pg_temp", `cutover_taken_${run.id.toLowerCase()}`)
}

/** Temporary tables of one session take no lock that anybody else wants. */
export function takenKeysStatement(run: Run): Sql {
  return sql`create temporary table if not exists ${takenKeys(run)} (${logDefinition(run)}) on commit delete rows`
}

/** Takes entries out of the log that are `chosen`, a condition on `cutover_log`; what is written meanwhile stays in it. */
export function takeStatement(run: Run, log: TableName, chosen: Sql): Sql {
  const names = join(logColumns(run).map((column) => ident(column.name)))
  return sql`
    with gone as (delete from ${table(log)} as cutover_log where ${chosen} returning ${names})
    insert into ${takenKeys(run)} (${names}) select distinct ${names} from gone`
}

/** As many of the entries that are `chosen`. */
export function chooseSome(log: TableName, chosen: Sql, limit: number): Sql {
  return sql`ctid = any (array(select ctid from ${table(log)} as cutover_log where ${chosen} limit ${limit}))`
}

/** Deletes the rows of the keys taken. */
export function deleteTakenStatement(run: Run, into: TableName): Sql {
  return sql`
    delete from ${table(into)} as cutover_target using ${takenKeys(run)} as cutover_taken
    where ${sameKey(run, "cutover_target", "cutover_taken")}`
}

/** Inserts what `from` has now for the keys taken. `from` is a relation as a FROM clause has it, with or without ONLY. */
export function insertTakenStatement(run: Run, from: Sql, into: TableName, andWhere = sql``): Sql {
  const columns = requireBlueprint(run).columns
  return sql`
    insert into ${table(into)} (${join(columns.map((name) => ident(name)))}) overriding system value
    select ${join(columns.map((name) => ident("cutover_source", name)))}
    from ${from} as cutover_source
    join ${takenKeys(run)} as cutover_taken on ${sameKey(run, "cutover_source", "cutover_taken")}${andWhere}`
}

/**
 * The same, and where the rows were found: for each interval its rows and the zones of the source's heap they lie in, as
 * an int8multirange's text. One statement, so what was read there is what was inserted. The block is called ctid, for no
 * column of a table can have the name of a system column.
 */
export function insertAndLocateStatement(run: Run, into: TableName, andWhere = sql``): Sql {
  const zone = zoneBlocks(run.heapBlocks ?? 0)
  const columns = join(requireBlueprint(run).columns.map((name) => ident(name)))
  const read = join(requireBlueprint(run).columns.map((name) => ident("cutover_source", name)))
  return sql`
    with cutover_read as materialized (
      select (cutover_source.ctid::text::point)[0]::bigint / ${zone}::bigint * ${zone}::bigint as ctid, ${read}
      from only ${table(run.table)} as cutover_source
      join ${takenKeys(run)} as cutover_taken on ${sameKey(run, "cutover_source", "cutover_taken")}${andWhere}
    ), cutover_written as (
      insert into ${table(into)} (${columns}) overriding system value select ${columns} from cutover_read
    )
    select ${intervalStartOfKey(run)}::text as start, count(*)::int as rows,
           range_agg(int8range(cutover_read.ctid, cutover_read.ctid + ${zone}::bigint))::text as blocks
    from cutover_read
    group by 1`
}

/** Below this, keys are looked up by index one by one; the planner must not take a scan of the table for cheaper. */
export const fewKeys = 2_000

/** Lets the planner look keys up by index alone, where there are few; where there are many, it is told how many. */
export async function planFor(tx: Queryable, run: Run, keys: number): Promise<void> {
  await tx.query(keys <= fewKeys ? byIndex("off") : sql`analyze ${takenKeys(run)}`)
}

export function byIndex(others: "on" | "off"): Sql {
  const settings = ["enable_hashjoin", "enable_mergejoin", "enable_seqscan"]
  return sql`select ${join(settings.map((name) => sql`set_config(${name}, ${others}, true)`))}`
}
