import { targetName } from "../../../domain/derivedNames.ts"
import { renderTableName } from "../../../domain/tableName.ts"
import { findRelation } from "../../../postgres/catalog/findRelation.ts"
import { sql } from "../../../postgres/sql.ts"
import { extendedKey } from "../../relabel/relabels.ts"
import { type Check, type CheckContext, type Finding, block, orOk } from "../Check.ts"

/** What keeps a table from becoming a partition as it is, or would make ATTACH read it under the lock. */
export const checkHistory: Check = async (context) => {
  const reasons = [
    ...optionReasons(context),
    ...indexReasons(context),
    ...keyReasons(context),
    ...(await scaffoldReasons(context)),
    ...(await notNullReasons(context)),
  ]
  return orOk(
    reasons.map(([why, hint]) => refused(context, why, hint)),
    "CUTOVER_RELABEL_REFUSED",
    `${renderTableName(context.table)} can become a partition as it is.`,
  )
}

type Reason = readonly [why: string, hint: string]

function refused({ table }: CheckContext, why: string, hint: string): Finding {
  return block("CUTOVER_RELABEL_REFUSED", `${renderTableName(table)} cannot be relabelled: ${why}.`, hint)
}

const otherwise = "or launch without --strategy relabel"

function optionReasons({ options }: CheckContext): Reason[] {
  return options.nullKeys === "refuse"
    ? []
    : [
        [
          "rows without a key have no place in a history",
          `Give every row a key and leave --null-keys at refuse, ${otherwise}.`,
        ],
      ]
}

/** The index that keeps the old key unique is checked at once; and an exclusion constraint is never taken for a partition's. */
function indexReasons({ source, key }: CheckContext): Reason[] {
  const extended = extendedKey(source, key.column)
  return source.indexes.flatMap((index): Reason[] => {
    const name = index.constraint?.name ?? index.name
    if (index.isExclusion)
      return [[`ATTACH would build the exclusion constraint ${name} anew, under the lock`, `Drop it, ${otherwise}.`]]
    if (index === extended && !index.isImmediate)
      return [
        [
          `the primary key ${name} is deferrable, and its successors could not be`,
          `Make it one that is not, ${otherwise}.`,
        ],
      ]
    if (index.isPrimary && !index.tail.startsWith(" USING btree"))
      return [[`the primary key ${name} is no B-tree`, `Make it an ordinary one, ${otherwise}.`]]
    return []
  })
}

function keyReasons({ source }: CheckContext): Reason[] {
  return source.foreignKeys
    .filter((key) => key.isSelf)
    .map((key) => [
      `its foreign key ${key.name} points to the table itself, and would go on pointing to the history alone`,
      `Drop it, ${otherwise}.`,
    ])
}

async function scaffoldReasons({ db, table }: CheckContext): Promise<Reason[]> {
  const name = targetName(table)
  if ((await findRelation(db, name)) === undefined) return []
  return [[`${renderTableName(name)} exists, and a scaffold cannot be adopted`, `Drop or rename it, ${otherwise}.`]]
}

/** From PostgreSQL 18 on a NOT NULL is a constraint like others, and can be what a partition's may not be. */
async function notNullReasons({ db, source }: CheckContext): Promise<Reason[]> {
  const { rows } = await db.query<{ name: string }>(sql`
    select quote_ident(o.conname) as name
    from pg_constraint o
    where o.conrelid = ${source.oid} and o.contype = 'n' and (o.connoinherit or not o.convalidated)
    order by 1`)
  return rows.map(({ name }) => [
    `its NOT NULL constraint ${name} is NO INHERIT, or not valid`,
    `Make it an ordinary one first, ${otherwise}.`,
  ])
}
