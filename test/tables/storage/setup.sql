create table t (id int primary key, d date not null, v text) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_threshold = 99);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;

alter table t alter v set storage external;
alter table t alter v set compression pglz;
-- write
update t set v = 'w' || $1 where id = $1 % 500 + 1;
insert into t (id, d, v) values (-$1, date '2024-01-01' + $1 % 80, 'new')
