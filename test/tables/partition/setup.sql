create table p (id int, d date) partition by list (id); create table t partition of p for values in (1); insert into t values (1, '2024-01-01');
