create table t (id int primary key, d text not null); insert into t values (1, '2024-01-01');
