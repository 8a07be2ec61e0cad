create table t (id bigint generated always as identity (start 100 increment 5) primary key, d date not null, v text);
insert into t (d, v) select date '2024-01-01' + g % 90, 'v' from generate_series(1, 500) g;
-- write
insert into t (d, v) values (date '2024-01-01' + $1 % 80, 'new')
