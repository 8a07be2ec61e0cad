create table t (id int primary key, d date not null, v text);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;
create index t_v on t (v);
create table other (v text);
create index t_v_partitioned on other (v);
