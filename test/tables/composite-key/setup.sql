create table t (v text, d date not null, b int, a int, primary key (d, b, a) include (v));
insert into t select 'v', date '2024-01-01' + g % 90, g, -g from generate_series(1, 500) g;
-- write
update t set v = 'w$1', a = a - 1 where b = $1 % 500 + 1
