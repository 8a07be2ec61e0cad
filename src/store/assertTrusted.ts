import { quoteIdentifier } from "../domain/identifier.ts"
import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"
import { type Queryable, findOne } from "../postgres/Queryable.ts"
import { sql } from "../postgres/sql.ts"

/**
 * Refuses (`CUTOVER_PRIVILEGE`) schemas `cutover` and `cutover_jobs`, and anything in them, of an owner whom we do not trust:
 * triggers, views and functions of theirs would run with our rights, and our runs would be what their tables say. Trusted are
 * we ourselves, superusers, and roles whose rights we have anyway; a superuser has everybody's, and trusts superusers alone.
 * Inside a schema its owner's members are trusted as well: they could act as its owner. It reads the catalog only.
 */
export async function assertTrusted(db: Queryable): Promise<void> {
  const found = await findOne<Stranger>(
    db,
    sql`
    with ours as (
      select oid, nspname, nspowner from pg_namespace where nspname in ('cutover', 'cutover_jobs')
    ), one (schema, name, owner, chief) as (
      select nspname, null, nspowner, nspowner from ours
      union all
      select n.nspname, c.relname, c.relowner, n.nspowner from ours n join pg_class c on c.relnamespace = n.oid
      union all
      select n.nspname, p.proname, p.proowner, n.nspowner from ours n join pg_proc p on p.pronamespace = n.oid
    )
    select one.schema, one.name, owner.rolname as owner, me.rolname as me
    from one
    join pg_roles owner on owner.oid = one.owner
    join pg_roles me on me.rolname = current_user
    where owner.oid <> me.oid
      and not owner.rolsuper
      and (me.rolsuper or not pg_has_role(owner.oid, 'USAGE'))
      and (one.name is null or not pg_has_role(owner.oid, one.chief, 'MEMBER'))
    order by one.name nulls first, one.schema
    limit 1`,
  )
  if (found !== undefined) throw untrusted(found)
}

type Stranger = {
  readonly schema: string
  /** Null for the schema itself. */
  readonly name: string | null
  readonly owner: string
  readonly me: string
}

function untrusted({ schema, name, owner, me }: Stranger): CutoverError {
  const what = name === null ? `The schema "${schema}"` : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
  const reason = name === null ? "who could change everything in it" : "who could change what it does"
  return new CutoverError("CUTOVER_PRIVILEGE", {
    message: `${what} belongs to ${owner}, ${reason}, and ${me} would run it.`,
    state: nothingChanged,
    hint:
      name === null
        ? `Work as ${owner}, or as a member of it that is no superuser; or let it be given to the role that works: alter schema ${quoteIdentifier(schema)} owner to …`
        : "Find out who made it. Drop it, or let it be given to the schema's owner: alter … owner to …",
    details: { schema, name, owner },
  })
}
