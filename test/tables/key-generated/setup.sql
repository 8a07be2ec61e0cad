create table t (id int primary key, e date, d date generated always as (e + 1) stored); insert into t values (1, '2024-01-01');
