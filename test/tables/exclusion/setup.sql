create table t (id int primary key, d date not null, r int4range, exclude using gist (r with &&)); insert into t values (1, '2024-01-01', '[1,2)');
