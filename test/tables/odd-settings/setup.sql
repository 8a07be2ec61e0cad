create table t (id int primary key, d timestamptz not null, v text, i interval, b bytea, f double precision, "wei\rd" text default E'a\\b''c');
insert into t select g, timestamptz '2024-03-01 00:00+00' + g * interval '3 hours', 'v' || g, g * interval '25 hours', decode(md5(g::text), 'hex'), g / 3.0
from generate_series(1, 500) g;
alter table t add check ("wei\rd" <> E'\\');
do $$ begin
  execute format('alter database %I set timezone = %L', current_database(), 'Asia/Kathmandu');
  execute format('alter database %I set datestyle = %L', current_database(), 'SQL, DMY');
  execute format('alter database %I set intervalstyle = %L', current_database(), 'sql_standard');
  execute format('alter database %I set bytea_output = %L', current_database(), 'escape');
  execute format('alter database %I set extra_float_digits = %L', current_database(), '-5');
  execute format('alter database %I set default_transaction_isolation = %L', current_database(), 'repeatable read');
  execute format('alter database %I set transform_null_equals = on', current_database());
  execute format('alter database %I set standard_conforming_strings = off', current_database());
  execute format('alter database %I set search_path = nowhere', current_database());
  execute format('alter database %I set default_tablespace = cutover_space', current_database());
  execute format('alter database %I set enable_seqscan = off', current_database());
  execute format('alter database %I set statement_timeout = %L', current_database(), '5s');
  execute format('alter database %I set default_toast_compression = pglz', current_database());
end $$;
-- write
insert into public.t (id, d, v) values (-$1, timestamptz '2024-03-02 00:00+00' + $1 * interval '1 hour', 'new');
update public.t set v = 'w$1' where id = $1 % 500 + 1
