create table t (id int primary key, d date not null, v text);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;
create view between_them as select v, d from t;
create materialized view mv with (fillfactor = 90) as select d, count(*) as n from t group by d;
create unique index mv_d on mv (d);
comment on materialized view mv is 'by day';
comment on column mv.n is 'how many';
grant select on mv to pg_monitor;
create materialized view over_view as select count(*) as n from between_them;
create materialized view of_view as select m.n from between_them join t using (v) cross join (select 1 as n) m;
-- write
update t set v = 'w' || $1 where id = $1 % 500 + 1;
insert into t (id, d, v) values (-$1, date '2024-01-01' + $1 % 80, 'new')
