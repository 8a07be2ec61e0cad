-- Everything pg-cutover knows about its runs lives in the database of the table, so that a failover that
-- loses a second of progress loses the same second of rows.

create table cutover.meta (
  only_row     boolean primary key default true check (only_row),
  major        integer not null,
  installed_at timestamptz not null default clock_timestamp()
);

insert into cutover.meta (major) values (1);

-- One row for each cutover of one table. `snapshot` is the state machine; state, control, reason, error and
-- epoch repeat what it says, for queries.
create table cutover.runs (
  id              text primary key,
  source_oid      oid not null,
  target_oid      oid,
  table_schema    text not null,
  table_name      text not null,
  key_column      text not null,
  key_type        text not null check (key_type in ('date', 'timestamp', 'timestamptz')),
  options         jsonb not null,
  machine_version integer not null,
  snapshot        jsonb not null,
  state           text not null,
  control         text not null,
  reason          text,
  throttled       text,
  error           jsonb,
  epoch           integer not null,
  tick            bigint not null default 0,
  heap_file       text,
  heap_blocks     bigint,
  surveyed_blocks bigint not null default 0,
  batch_blocks    bigint not null,
  strategy        text,
  blueprint       jsonb,
  fingerprint     text,
  guard_mark      text,
  loaded_xid      text,
  loaded_seen     timestamptz,
  retries         integer not null default 0,
  attach_attempts integer not null default 0,
  gate_opened_at  timestamptz,
  lock_held_ms    double precision,
  swapped_at      timestamptz,
  fallback_until  timestamptz,
  legacy_table    text,
  launched_by     text not null,
  launched_at     timestamptz not null default clock_timestamp(),
  updated_at      timestamptz not null default clock_timestamp(),
  finished_at     timestamptz
);

create unique index runs_one_open_per_table on cutover.runs (source_oid) where finished_at is null;
create index runs_by_table on cutover.runs (table_schema, table_name, launched_at);

-- One row for each partition of a run. `blocks` are the blocks of the source's heap that hold its rows,
-- `next_block` is the checkpoint: everything before it is copied.
create table cutover.partitions (
  id             bigint generated always as identity primary key,
  run_id         text not null references cutover.runs (id),
  label          text not null,
  table_name     text,
  -- Of the table that the run made under that name: only that one may ever be dropped.
  table_oid      oid,
  lower_bound    text,
  upper_bound    text,
  state          text not null default 'pending',
  tick           bigint not null default 0,
  blocks         int8multirange not null default '{}',
  next_block     bigint not null default 0,
  rows_estimated bigint not null default 0,
  rows_copied    bigint not null default 0,
  batches        integer not null default 0,
  is_loaded      boolean not null default false,
  attempts       integer not null default 0,
  started_at     timestamptz,
  copied_at      timestamptz,
  validated_at   timestamptz,
  source_rows    bigint,
  target_rows    bigint,
  source_hash    numeric,
  target_hash    numeric,
  equal          boolean,
  aggregates     jsonb,
  unique (run_id, label)
);

-- Where the heap is shuffled it is swept, in stripes that go on side by side. `next_block` is the checkpoint of each.
create table cutover.stripes (
  run_id     text not null references cutover.runs (id),
  n          integer not null,
  from_block bigint not null,
  to_block   bigint not null,
  next_block bigint not null,
  tick       bigint not null default 0,
  batches    integer not null default 0,
  primary key (run_id, n)
);

-- Blocks of the source's heap in which a replay found rows of a partition since the survey. A table of its own: an update
-- of the partition's row would be in the way of others who change its state.
create table cutover.relocations (
  partition_id bigint not null references cutover.partitions (id),
  blocks       int8multirange not null
);

create index relocations_by_partition on cutover.relocations (partition_id);

-- What a committed batch leaves behind, in the transaction that copied its rows.
create table cutover.batches (
  partition_id bigint not null references cutover.partitions (id),
  seq          integer not null,
  from_block   bigint not null,
  to_block     bigint not null,
  rows         bigint not null,
  elapsed_ms   double precision not null,
  committed_at timestamptz not null default clock_timestamp(),
  primary key (partition_id, seq)
);

create index batches_by_time on cutover.batches (committed_at);

-- `run_id` is null for a worker of every run. A worker is alive as long as a session holds its advisory lock.
create table cutover.workers (
  id         text primary key,
  run_id     text,
  lock_key   bigint not null,
  host       text not null,
  pid        integer not null,
  actor      text not null,
  started_at timestamptz not null default clock_timestamp()
);

-- Append-only. `lsn` and `timeline` say where in the WAL the record stands, for caches and imports that wait for it
-- on a replica.
create table cutover.log (
  seq       bigint generated always as identity primary key,
  id        uuid not null default gen_random_uuid(),
  at        timestamptz not null default clock_timestamp(),
  run_id    text not null references cutover.runs (id),
  kind      text not null,
  partition text,
  lsn       pg_lsn,
  timeline  integer,
  actor     text not null,
  data      jsonb not null
);

create index log_by_run on cutover.log (run_id, seq);

create function cutover.keep_log() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'cutover.log is append-only: % is refused', tg_op
    using errcode = 'object_not_in_prerequisite_state';
end
$$;

-- Whoever owns the table could rewrite what happened; nobody does so by mistake.
create trigger keep_log
  before update or delete or truncate on cutover.log
  for each statement execute function cutover.keep_log();

create view cutover.maintenance_log as
select l.seq,
       l.id,
       l.at,
       l.run_id,
       quote_ident(r.table_schema) || '.' || quote_ident(r.table_name) as table_name,
       l.kind,
       l.partition,
       l.lsn,
       l.timeline,
       l.actor,
       l.data
from cutover.log l
join cutover.runs r on r.id = l.run_id;

-- A TRUNCATE of the source of a run that captures writes, or, after the swap, of the new table or one of its
-- partitions; it has no rows for the change log.
create table cutover.truncations (
  id       bigint generated always as identity primary key,
  run_id   text not null,
  relation oid not null,
  at       timestamptz not null default clock_timestamp()
);

-- The partitions of the new table that the legacy table is known to follow. One that comes or goes since the swap takes
-- or brings rows that no trigger saw.
create table cutover.followed (
  run_id        text not null references cutover.runs (id),
  partition_oid oid not null,
  lower_bound   text,
  upper_bound   text,
  primary key (run_id, partition_oid)
);

create function cutover.capture_truncate() returns trigger
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  insert into cutover.truncations (run_id, relation) values (tg_argv[0], tg_relid);
  return null;
end
$$;

-- The trigger function of --writes=block. Its argument is the run's id.
create function cutover.refuse_writes() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'cutover run % refuses % on %.%: the table is being partitioned',
      tg_argv[0], tg_op, quote_ident(tg_table_schema), quote_ident(tg_table_name)
    using errcode = 'object_not_in_prerequisite_state',
          hint = 'Reads go on. Wait until the run is done (cutover status ' || tg_argv[0] || '), or end it with cutover abort.';
end
$$;

-- A trigger needs no right to call its function when it fires. Whoever had it could put these on tables of his own, and
-- have truncations noted that never were.
revoke all on function cutover.keep_log(), cutover.capture_truncate(), cutover.refuse_writes() from public;
