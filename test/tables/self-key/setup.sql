create table t (id int primary key, d date not null, v text, parent int references t);
insert into t (id, d, v) select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;
