create table t (id uuid primary key default gen_random_uuid(), d date not null, v text);
insert into t (d, v) select date '2024-01-01' + g % 90, 'v' from generate_series(1, 500) g;
-- write
insert into t (d, v) values (date '2024-01-01' + $1 % 80, 'new');
delete from t where id = (select id from t limit 1)
