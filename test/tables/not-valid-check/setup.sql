create table t (id int primary key, d date not null, v text);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;
alter table t add constraint later check (id < 400) not valid;
comment on constraint later on t is 'for new rows';
-- write
update t set v = 'w' || $1 where id = $1 % 390 + 1;
insert into t (id, d, v) values (-$1, date '2024-01-01' + $1 % 80, 'new')
