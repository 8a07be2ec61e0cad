create table t (id int primary key, d date not null, gone1 int, v text, gone2 text);
insert into t select g, date '2024-01-01' + g % 90, 1, 'v' || g, 'x' from generate_series(1, 500) g;
alter table t drop gone1; alter table t drop gone2; alter table t add late int default 7;
-- write
update t set v = 'w' || $1 where id = $1 % 500 + 1;
insert into t (id, d, v) values (-$1, date '2024-01-01' + $1 % 80, 'new')
