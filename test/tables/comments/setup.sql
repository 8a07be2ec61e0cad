create table t (id int primary key, d date not null, v text);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;

alter table t add constraint positive check (d > '2000-01-01');
create index t_v on t (v);
comment on table t is 'the table''s own';
comment on column t.v is 'a text';
comment on constraint t_pkey on t is 'the key';
comment on constraint positive on t is 'no old ones';
comment on index t_v is 'by v';
comment on index t_pkey is 'of the key';
-- write
update t set v = 'w' || $1 where id = $1 % 500 + 1;
insert into t (id, d, v) values (-$1, date '2024-01-01' + $1 % 80, 'new')
