create table t (id int primary key, d date not null, v text);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;

create table audit (id int, at timestamptz default now());
create table other (id int);
create rule watch as on delete to t do also insert into audit (id) values (old.id);
create rule pass_on as on insert to other do also insert into t values (new.id, '2024-01-01', 'by rule');
create rule idle as on update to t do also insert into audit (id) values (new.id);
alter table t disable rule idle;
comment on rule watch on t is 'who went';
-- write
update t set v = 'w' || $1 where id = $1 % 500 + 1;
insert into t (id, d, v) values (-$1, date '2024-01-01' + $1 % 80, 'new');
delete from t where id = -$1 + 10
