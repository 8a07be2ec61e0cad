create table t (id int primary key deferrable initially deferred, n int not null, d date not null, v text);
create unique index t_n on t (n, d);
insert into t select g, g, date '2024-01-01' + g % 90, 'v' from generate_series(1, 500) g;
-- write
update t set v = 'w$1' where id = $1 % 500 + 1
