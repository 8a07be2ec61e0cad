import { renderTableName } from "../../domain/tableName.ts"
import { readOne } from "../../postgres/Queryable.ts"
import { ident, sql, table } from "../../postgres/sql.ts"
import { type Check, type Finding, block } from "./Check.ts"

/** Rows that fit no partition: keys that are null, infinite, before the year 1 or after 9999. */
export const checkKeys: Check = async ({ db, table: name, key, options, source }) => {
  const column = ident(key.column)
  const isNotNull = source.columns.find((one) => one.name === key.column)?.isNotNull === true
  // Bounds are read by an index where there is one; only a nullable key without an index costs a pass over the table.
  const found = await readOne<{ nulls: string; low: string | null; high: string | null }>(
    db,
    sql`
    select ${isNotNull ? sql`'0'` : sql`(select count(*)::text from only ${table(name)} where ${column} is null)`} as nulls,
           (select min(${column})::text from only ${table(name)}) as low,
           (select max(${column})::text from only ${table(name)}) as high`,
  )
  const findings: Finding[] = []
  const where = `${renderTableName(name)}.${key.column}`
  if (found.nulls !== "0" && options.nullKeys === "refuse") {
    findings.push(
      block(
        "CUTOVER_KEY_NULLS",
        `${found.nulls} rows have no ${key.column}, and no range of a partition holds NULL.`,
        `Give them a ${key.column}, or launch with --null-keys default-partition.`,
      ),
    )
  }
  for (const edge of [found.low, found.high]) {
    if (edge === null || (/^\d{4}-/.test(edge) && !edge.endsWith("BC") && !edge.startsWith("9999"))) continue
    findings.push(
      block(
        "CUTOVER_KEY_OUT_OF_BOUNDS",
        `${where} reaches to ${edge}, which no month can be made for.`,
        `Correct such rows first: select * from ${renderTableName(name)} where ${key.column} = '${edge}'.`,
      ),
    )
  }
  return findings
}
