import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, sql } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"

/**
 * An autovacuum steps aside for whoever waits longer than deadlock_timeout for a lock that it is in the way of, unless it
 * prevents wraparound (PostgreSQL manual, 24.1.6; `ProcSleep`). Our strong locks never wait so long, for readers and writers
 * would queue behind them. SHARE UPDATE EXCLUSIVE is in nobody's way but that of the next vacuum, and vacuum is in its way: so it
 * is taken first. Throws lock_not_available when whoever is there stays.
 */
export async function letVacuumStepAside(tx: Queryable, run: Run, tied: readonly number[] = []): Promise<void> {
  const tables = await readVacuumed(tx, run, tied)
  if (tables.length === 0) return
  const { before } = await readOne<{ before: string }>(
    tx,
    sql`select current_setting('lock_timeout') as before,
               set_config('lock_timeout', (setting::int + ${graceMs}::int)::text, true)
        from pg_settings
        where name = 'deadlock_timeout'`,
  )
  await tx.query(sql`lock table ${join(tables)} in share update exclusive mode`)
  await tx.query(sql`select set_config('lock_timeout', ${before}, true)`)
}

/** A vacuum that was told to step aside has let go well within this. */
const graceMs = 1_000

/**
 * The run's own tables and their partitions, for another vacuum may begin at any moment; of those that are tied to them, the ones
 * that somebody may be vacuuming now. Who that is, an ordinary role cannot see.
 */
async function readVacuumed(tx: Queryable, run: Run, tied: readonly number[]): Promise<readonly Sql[]> {
  const own = [run.sourceOid, ...(run.targetOid === null ? [] : [run.targetOid])]
  const { rows } = await tx.query<{ schema: string; name: string }>(sql`
    with wanted as (
      select oid, true as is_own from unnest(${own}::oid[]) as own (oid)
      union
      select tree.relid, true from unnest(${own}::oid[]) as own (oid) cross join lateral pg_partition_tree(own.oid) as tree
      union
      select oid, false from unnest(${tied}::oid[]) as tied (oid) where oid <> all (${own}::oid[])
    )
    select n.nspname as schema, c.relname as name
    from wanted
    join pg_class c on c.oid = wanted.oid
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p')
      and has_table_privilege(c.oid, 'update')
      and (wanted.is_own
           or exists (select from pg_locks l
                      where l.locktype = 'relation' and l.relation = c.oid and l.mode = 'ShareUpdateExclusiveLock' and l.granted
                        and l.database = (select oid from pg_database where datname = current_database())
                        and l.pid is distinct from pg_backend_pid()))
    order by c.oid`)
  return rows.map(({ schema, name }) => sql`only ${ident(schema, name)}`)
}
