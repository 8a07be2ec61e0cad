create table t (id int primary key, d date not null, v text);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;

do $$ begin create role shape_a; exception when duplicate_object then null; end $$;
do $$ begin create role shape_b; exception when duplicate_object then null; end $$;
grant select, insert on t to shape_a with grant option;
grant select (id, v), update (v) on t to shape_b;
set role shape_a;
grant select on t to shape_b;
reset role;
grant references (id) on t to public;
alter default privileges grant all on tables to shape_b;
create table unrelated (id int);
-- write
update t set v = 'w' || $1 where id = $1 % 500 + 1;
insert into t (id, d, v) values (-$1, date '2024-01-01' + $1 % 80, 'new')
