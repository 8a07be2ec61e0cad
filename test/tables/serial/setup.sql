create sequence elsewhere;
create table t (id serial primary key, d date not null, n int default nextval('elsewhere'), v text);
insert into t (d, v) select date '2024-01-01' + g % 90, 'v' from generate_series(1, 500) g;
-- write
insert into t (d, v) values (date '2024-01-01' + $1 % 80, 'new')
