create table t (id int primary key, d date not null, v text);
-- write
insert into t values ($1, date '2024-01-01' + $1 % 80, 'new')
