create table t (id int primary key, d date not null, v text);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;

alter table t add constraint t_id_d unique (id, d);
create table child (t_id int, t_d date);
insert into child values (-77, '2024-01-01');
alter table child add constraint child_t foreign key (t_id, t_d) references t (id, d) not valid;
-- write
update t set v = 'w' || $1 where id = $1 % 500 + 1;
insert into t (id, d, v) values (-$1, date '2024-01-01' + $1 % 80, 'new')
