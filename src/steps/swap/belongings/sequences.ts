import type { Queryable } from "../../../postgres/Queryable.ts"
import { ident, literal, sql, statementText } from "../../../postgres/sql.ts"
import type { Belonging } from "../exchange.ts"

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

/** An identity column has a sequence of its own in each table: the one in front goes on where the other stands, under its name. */
export const identitySequences: Belonging = {
  read: async (db, { front, back }) => {
    const others = await readSequences(db, back.oid, "i")
    const pairs = (await readSequences(db, front.oid, "i")).flatMap((mine) =>
      others.filter((other) => other.column === mine.column).map((other) => ({ mine, other })),
    )
    return {
      take: pairs.map(
        ({ mine, other }) =>
          sql`select setval(${literal(statementText(ident(other.schema, other.name)))}::regclass, last_value, is_called)
            from ${ident(mine.schema, mine.name)}`,
      ),
      give: pairs.flatMap(({ mine, other }) => [
        sql`alter sequence ${ident(mine.schema, mine.name)} rename to ${ident(front.park(mine.name))}`,
        sql`alter sequence ${ident(other.schema, other.name)} rename to ${ident(mine.name)}`,
      ]),
    }
  },
}

type Sequence = { readonly schema: string; readonly name: string; readonly column: string }

/** Sequences that belong to a column: of serial columns (`a`), or of identity columns (`i`). */
async function readSequences(db: Queryable, oid: number, dependency: "a" | "i"): Promise<Sequence[]> {
  const { rows } = await db.query<Sequence>(sql`
    select n.nspname as schema, s.relname as name, a.attname as column
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
