create table t (d date not null, v text);
insert into t select date '2024-01-01' + g % 90, 'v' from generate_series(1, 500) g;
