create table t (id int primary key, d timestamp(3) not null, v text);
insert into t select g, timestamp '2024-01-01' + g * interval '3 hours 7 minutes 0.123456 seconds', 'v' from generate_series(1, 500) g;
-- write
insert into t values (-$1, timestamp '2024-02-01' + $1 * interval '1 hour', 'new')
