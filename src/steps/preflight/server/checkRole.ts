import { type Queryable, readOne } from "../../../postgres/Queryable.ts"
import { ident, sql } from "../../../postgres/sql.ts"
import { type Check, type ServerContext, orOk } from "../Check.ts"
import { type Missing, findingsOf } from "../missing.ts"

/** What a run needs whatever the table: our own schemas, and sight of other sessions. */
export const checkRole: Check<ServerContext> = async ({ db }) => {
  const { role } = await readOne<{ role: string }>(db, sql`select current_user as role`)
  const missing = [...(await missingDatabase(db, role)), ...(await missingSight(db, role))]
  return orOk(
    findingsOf(role, missing),
    "CUTOVER_PRIVILEGE",
    `${role} may make our schemas, or owns them, and sees what other sessions do.`,
  )
}

/** Our own schemas are made by the first run, and belong to whoever launched it. */
async function missingDatabase(db: Queryable, role: string): Promise<Missing[]> {
  const found = await readOne<{ database: string; creates: boolean; owners: string[]; there: number }>(
    db,
    sql`
    select current_database() as database,
           has_database_privilege(current_database(), 'CREATE') as creates,
           array(select distinct pg_get_userbyid(nspowner)::text from pg_namespace
                 where nspname in ('cutover', 'cutover_jobs') and not pg_has_role(current_user, nspowner, 'USAGE')) as owners,
           (select count(*)::int from pg_namespace where nspname in ('cutover', 'cutover_jobs')) as there`,
  )
  return [
    ...(found.there === 2 || found.creates
      ? []
      : [
          {
            lacks: `may not create the schemas cutover and cutover_jobs in ${found.database}`,
            grant: sql`grant create on database ${ident(found.database)} to ${ident(role)}`,
          },
        ]),
    ...found.owners.map((owner) => ({
      lacks: `does not own the schemas cutover and cutover_jobs; the owner is ${owner}`,
      grant: sql`grant ${ident(owner)} to ${ident(role)}`,
    })),
  ]
}

/** Who is in the way of the swap, and whose snapshot is older than the copy, is read from other sessions' activity. */
async function missingSight(db: Queryable, role: string): Promise<Missing[]> {
  const { sees } = await readOne<{ sees: boolean }>(
    db,
    sql`select pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') as sees`,
  )
  if (sees) return []
  return [
    {
      lacks:
        "cannot see what other sessions do, and so not whether an old snapshot would read an empty table after the swap",
      grant: sql`grant pg_monitor to ${ident(role)}`,
    },
  ]
}
