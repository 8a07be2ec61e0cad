import type { Queryable } from "../../../postgres/Queryable.ts"
import { type Sql, ident, literal, sql, statementText } from "../../../postgres/sql.ts"
import { requireBlueprint } from "../../requireBlueprint.ts"
import type { Belonging, Exchange } from "../exchange.ts"
import { commentStatement } from "./comments.ts"
import { grantStatement, readGrants } from "./grants.ts"

/** The sequence of a serial column serves both tables, and belongs to the one in front: it outlives the other. */
export const serialSequences: Belonging = {
  read: async (db, { table, front }) => ({
    take: [],
    give: (await readSequences(db, front.oid, "a")).map(
      ({ schema, name, column }) =>
        sql`alter sequence ${ident(schema, name)} owned by ${ident(table.schema, table.name, column)}`,
    ),
  }),
}

/**
 * An identity column has a sequence of its own in each table: the one in front goes on where the other stands, under its
 * name, with its grants and comment.
 */
export const identitySequences: Belonging = identitySequencesOf(true)

/** The same where the table in front keeps no identity, so that there is no sequence to park. */
export function identitySequencesOf(isKept: boolean): Belonging {
  return {
    read: async (db, { run, front, back }) => {
      const planned = requireBlueprint(run).source.sequences.filter((one) => one.dependency === "i")
      const pairs = (await readSequences(db, front.oid, "i"))
        .filter((mine) => planned.some((one) => one.column === mine.column))
        .map((mine) => ({ mine, other: { schema: mine.schema, name: back.park(mine.name) } }))
      const moves: Sql[] = []
      for (const { mine, other } of pairs) {
        const name = ident(mine.schema, mine.name)
        if (isKept) moves.push(sql`alter sequence ${name} rename to ${ident(front.park(mine.name))}`)
        moves.push(
          sql`alter sequence ${ident(other.schema, other.name)} rename to ${ident(mine.name)}`,
          ...(await readGrants(db, mine.oid)).map((grant) => grantStatement(sql`sequence ${name}`, grant)),
          ...commentStatement(sql`sequence ${name}`, mine.comment),
        )
      }
      return {
        take: pairs.map(
          ({ mine, other }) =>
            sql`select pg_catalog.setval(${literal(statementText(ident(other.schema, other.name)))}::pg_catalog.regclass, last_value, is_called)
            from ${ident(mine.schema, mine.name)}`,
        ),
        give: moves,
      }
    },
    mark: markOfSequences,
  }
}

export function markOfSequences({ front }: Exchange): Sql {
  return markOfSequencesOf(front.oid)
}

export function markOfSequencesOf(oid: number): Sql {
  return sql`
    select string_agg(concat_ws('/', s.oid, s.xmin), ' ' order by s.oid)
    from pg_depend d
    join pg_class s on s.oid = d.objid and s.relkind = 'S'
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = ${oid}`
}

type Sequence = {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly column: string
  readonly comment: string | null
}

/** Sequences that belong to a column: of serial columns (`a`), or of identity columns (`i`). */
async function readSequences(db: Queryable, oid: number, dependency: "a" | "i"): Promise<Sequence[]> {
  const { rows } = await db.query<Sequence>(sql`
    select s.oid, n.nspname as schema, s.relname as name, a.attname as column, obj_description(s.oid, 'pg_class') as comment
    from pg_depend d
    join pg_class s on s.oid = d.objid and s.relkind = 'S'
    join pg_namespace n on n.oid = s.relnamespace
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    where d.classid = 'pg_class'::regclass
      and d.refclassid = 'pg_class'::regclass
      and d.refobjid = ${oid}
      and d.deptype = ${dependency}::"char"
    order by a.attnum`)
  return rows
}
