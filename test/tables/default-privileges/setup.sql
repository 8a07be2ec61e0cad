do $$ begin create role shape_owner; exception when duplicate_object then null; end $$;
do $$ begin create role shape_b; exception when duplicate_object then null; end $$;
create table t (id int primary key, d date not null, v text);
alter table t owner to shape_owner;
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;
alter default privileges grant select on tables to shape_b;
grant usage on schema public to shape_owner;
-- write
set local role shape_owner; update t set v = 'w' || $1 where id = $1 % 500 + 1
