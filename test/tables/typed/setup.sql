create type ty as (id int, d date); create table t of ty (primary key (id)); insert into t values (1, '2024-01-01');
