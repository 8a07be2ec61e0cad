create table t (id int primary key, d date not null, v text) tablespace cutover_space;
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;
create index t_v on t (v) tablespace cutover_space where v is not null;
create index t_w on t (d);
alter table t add constraint t_u unique (d, id) using index tablespace cutover_space deferrable;
alter index t_pkey set tablespace cutover_space;
-- write
update t set v = 'w' || $1 where id = $1 % 500 + 1;
insert into t (id, d, v) values (-$1, date '2024-01-01' + $1 % 80, 'new')
