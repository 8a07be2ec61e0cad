create table t (id int primary key, d date not null, v text);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;

alter table t alter v set statistics 500;
alter table t alter v set (n_distinct = -0.5);
create statistics t_stat (ndistinct, dependencies) on id, v from t;
create statistics odd_name on d, v from t;
alter statistics odd_name set statistics 250;
comment on statistics t_stat is 'together';
create statistics with_expressions (mcv) on (id % 10), lower(v) from t;
create statistics other on (lower(v)) from t;
create index t_lower on t (lower(v));
alter index t_lower alter column 1 set statistics 300;
-- write
update t set v = 'w' || $1 where id = $1 % 500 + 1;
insert into t (id, d, v) values (-$1, date '2024-01-01' + $1 % 80, 'new')
