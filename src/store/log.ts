import type { LogRecord, RecordKind } from "../log/records.ts"
import type { Queryable } from "../postgres/Queryable.ts"
import { sql } from "../postgres/sql.ts"

export type NewRecord = {
  readonly runId: string
  readonly kind: RecordKind
  readonly partition?: string | null
  readonly actor: string
  readonly data: Readonly<Record<string, unknown>>
}

/** The channel on which each record is announced: its JSON, or its seq where that is too long. */
export const logChannel = "cutover_log"

/** The longest payload that NOTIFY takes is 8000 bytes (PostgreSQL manual, NOTIFY). */
const payloadBytes = 7_900

/** Appends a record, and announces it when the transaction commits. */
export async function appendRecord(tx: Queryable, record: NewRecord): Promise<void> {
  await tx.query(sql`
    with written as (
      insert into cutover.log (run_id, kind, partition, lsn, timeline, actor, data)
      values (${record.runId}, ${record.kind}, ${record.partition ?? null}, pg_current_wal_insert_lsn(),
              ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int,
              ${record.actor}, ${JSON.stringify(record.data)})
      returning *
    ), announced as (
      select w.seq,
             json_build_object('seq', w.seq, 'id', w.id, 'at', w.at, 'runId', w.run_id,
                               'tableName', quote_ident(r.table_schema) || '.' || quote_ident(r.table_name),
                               'kind', w.kind, 'partition', w.partition, 'lsn', w.lsn, 'timeline', w.timeline,
                               'actor', w.actor, 'data', w.data)::text as text
      from written w
      join cutover.runs r on r.id = w.run_id
    )
    select pg_notify(${logChannel}, case when octet_length(text) <= ${payloadBytes} then text else seq::text end)
    from announced`)
}

/** The records of a run after `afterSeq`, oldest first. */
export async function readRecords(
  db: Queryable,
  runId: string,
  afterSeq: number,
  limit = 10_000,
): Promise<LogRecord[]> {
  const { rows } = await db.query<{ record: LogRecord }>(sql`
    select json_build_object('seq', seq, 'id', id, 'at', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                             'runId', run_id, 'tableName', table_name,
                             'kind', kind, 'partition', partition, 'lsn', lsn, 'timeline', timeline,
                             'actor', actor, 'data', data) as record
    from cutover.maintenance_log
    where run_id = ${runId} and seq > ${afterSeq}
    order by seq
    limit ${limit}`)
  return rows.map((row) => row.record)
}
