create table t (id int primary key, d date not null, v text);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;

do $$ begin create role shape_app; exception when duplicate_object then null; end $$;
create policy p1 on t using (id > 0 or id < 0);
create policy p2 on t as restrictive for select to shape_app using (v <> 'secret');
create policy p3 on t for insert to shape_app with check (id <> 0);
create policy p4 on t for update to shape_app using (true) with check (v is not null);
comment on policy p1 on t is 'nearly all';
alter table t enable row level security;
alter table t force row level security;
grant select, insert, update on t to shape_app;
create table other (id int);
alter table other enable row level security;
create policy looks on other using (exists (select from t where t.id = other.id));
-- write
update t set v = 'w' || $1 where id = $1 % 500 + 1;
insert into t (id, d, v) values (-$1, date '2024-01-01' + $1 % 80, 'new')
