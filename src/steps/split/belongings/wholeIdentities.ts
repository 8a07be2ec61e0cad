import type { Queryable } from "../../../postgres/Queryable.ts"
import { describeTable } from "../../../postgres/catalog/describeTable.ts"
import { findRelation } from "../../../postgres/catalog/findRelation.ts"
import { type Sql, ident, literal, sql, statementText, table } from "../../../postgres/sql.ts"
import { hasVersion } from "../../hasVersion.ts"
import { readDefaultGrantees } from "../../prep/defaultPrivileges.ts"
import { identityStatements } from "../../prep/scaffold.ts"
import { commentStatement } from "../../swap/belongings/comments.ts"
import { grantStatement, readGrants } from "../../swap/belongings/grants.ts"
import { markOfSequencesOf } from "../../swap/belongings/sequences.ts"
import type { Belonging } from "../../swap/exchange.ts"
import { requirePlace } from "../place.ts"

/**
 * From PostgreSQL 17 on partitions have the identity of the whole, and all have it or none: ATTACH gives it to a partition but not to
 * the partitions of that, and DETACH then fails for those that lack it. So the whole gives it up with all its partitions, and gets
 * it again with all of them, going on where it stood. The sequence is another one, with the same name, grants and comment.
 */
export const wholeIdentities: Belonging = {
  read: async (db, { run }) => {
    const place = requirePlace(run)
    const whole = await describeTable(db, place.wholeOid)
    const mine = whole?.sequences.filter((one) => one.dependency === "i") ?? []
    if (whole === undefined || mine.length === 0 || !(await hasVersion(db, 17))) return { take: [], give: [] }
    const on = table(place.whole)
    const grantees = await readDefaultGrantees(db, whole.schema, whole.owner)
    const give: Sql[] = [...identityStatements(whole, on, grantees, (name) => name)]
    for (const [n, { schema, name }] of mine.entries()) {
      give.push(goOn(n, ident(schema, name)), ...(await marksOf(db, schema, name)))
    }
    return {
      take: [
        ...mine.map(({ schema, name }, n) => noteStand(n, ident(schema, name))),
        ...mine.map(({ column }) => sql`alter table ${on} alter column ${ident(column)} drop identity`),
      ],
      give,
    }
  },
  mark: ({ run }) => markOfSequencesOf(requirePlace(run).wholeOid),
}

/** Where a sequence stands is kept for the transaction: it is gone before its successor is there. */
function noteStand(n: number, sequence: Sql): Sql {
  return sql`select pg_catalog.set_config(${setting(n)}, last_value || ' ' || is_called, true) from ${sequence}`
}

function goOn(n: number, sequence: Sql): Sql {
  const part = (at: number): Sql =>
    sql`pg_catalog.split_part(pg_catalog.current_setting(${setting(n)}), ' ', ${literal(String(at))}::int)`
  return sql`select pg_catalog.setval(${literal(statementText(sequence))}::pg_catalog.regclass, ${part(1)}::bigint, ${part(2)}::boolean)`
}

function setting(n: number): Sql {
  return literal(`cutover.identity_${n}`)
}

async function marksOf(db: Queryable, schema: string, name: string): Promise<Sql[]> {
  const on = sql`sequence ${ident(schema, name)}`
  const oid = (await findRelation(db, { schema, name }))?.oid ?? 0
  const { rows } = await db.query<{ comment: string | null }>(
    sql`select obj_description(${oid}::oid, 'pg_class') as comment`,
  )
  return [
    ...(await readGrants(db, oid)).map((grant) => grantStatement(on, grant)),
    ...commentStatement(on, rows[0]?.comment ?? null),
  ]
}
