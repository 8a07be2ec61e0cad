create table t (id int primary key, d date);
insert into t select g, case when g % 10 > 0 then date '2024-01-01' + g % 90 end from generate_series(1, 500) g;
