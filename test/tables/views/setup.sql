create table t (id int primary key, d date not null, v text);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;

do $$ begin create role shape_reader_views; exception when duplicate_object then null; end $$;
create view v1 as select id, v from t where d >= '2024-02-01';
create view v2 with (security_barrier = true, security_invoker = true) as select t.id, v1.v from t join v1 using (id);
create view v3 as select * from v2;
create view v4 as select * from t where id > 0 with local check option;
comment on view v1 is 'the first';
grant select on v1 to shape_reader_views;
create function of_view() returns trigger language plpgsql as 'begin return new; end';
create trigger on_view instead of insert on v2 for each row execute function of_view();
-- write
update t set v = 'w' || $1 where id = $1 % 500 + 1;
insert into t (id, d, v) values (-$1, date '2024-01-01' + $1 % 80, 'new');
select count(*) from v3
