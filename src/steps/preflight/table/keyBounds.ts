import { readOne } from "../../../postgres/Queryable.ts"
import { type Sql, ident, literal, raw, sql, table } from "../../../postgres/sql.ts"
import type { CheckContext } from "../Check.ts"

/** What is known of the keys. Dates are local days as PostgreSQL writes them, `infinity` and `… BC` among them. */
export type KeyBounds = {
  /** Whether every key was looked at, by an index or because the table is small. */
  readonly isWhole: boolean
  readonly nulls: number
  readonly low: string | null
  readonly high: string | null
  /** Where all but a hundredth of the rows begin and end, in a sample of blocks. */
  readonly usualLow: string | null
  readonly usualHigh: string | null
}

/** So many blocks are read where there is no index: a few seconds' work at most, and a table of 24 MB is read whole. */
const sampledBlocks = 3_000

/** Reads the ends of the key by its index, and the rest from some blocks at random; never the whole of a large table. */
export async function readKeyBounds(context: CheckContext): Promise<KeyBounds> {
  const sampled = await sample(context)
  if (sampled.isWhole || !isIndexed(context)) return sampled
  return { ...sampled, ...(await readEnds(context)), isWhole: true }
}

/** Whether a B-tree over all rows begins with the key. */
function isIndexed({ source, key }: CheckContext): boolean {
  return source.indexes.some(
    (index) =>
      index.isValid && !index.isPartial && index.columns[0] === key.column && index.tail.startsWith(" USING btree"),
  )
}

async function readEnds(context: CheckContext): Promise<Pick<KeyBounds, "nulls" | "low" | "high">> {
  const { db, table: name, key } = context
  const column = ident(key.column)
  return await readOne(
    db,
    sql`
    select (select count(*)::float8 from only ${table(name)} where ${column} is null) as nulls,
           (select ${asDay(context, sql`min(${column})`)} from only ${table(name)}) as low,
           (select ${asDay(context, sql`max(${column})`)} from only ${table(name)}) as high`,
  )
}

async function sample(context: CheckContext): Promise<KeyBounds> {
  const { db, table: name, key, source } = context
  const column = ident(key.column)
  const { blocks } = await readOne<{ blocks: number }>(
    db,
    sql`select (pg_relation_size(${source.oid}::oid) / current_setting('block_size')::bigint)::float8 as blocks`,
  )
  const percent = blocks <= sampledBlocks ? 100 : (100 * sampledBlocks) / blocks
  const usual = (share: string): Sql =>
    asDay(context, sql`percentile_disc(${raw(share)}) within group (order by ${column})`)
  const found = await readOne<Omit<KeyBounds, "isWhole">>(
    db,
    sql`
    select count(*) filter (where ${column} is null)::float8 as nulls,
           ${asDay(context, sql`min(${column})`)} as low, ${asDay(context, sql`max(${column})`)} as high,
           ${usual("0.01")} as "usualLow", ${usual("0.99")} as "usualHigh"
    from only ${table(name)} tablesample system (${raw(String(percent))}) repeatable (1)`,
  )
  return { ...found, isWhole: percent === 100 }
}

function asDay({ key, options }: CheckContext, value: Sql): Sql {
  const local = key.type === "timestamptz" ? sql`(${value} at time zone ${literal(options.timezone)})` : value
  return sql`(${local})::date::text`
}
