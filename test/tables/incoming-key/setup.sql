create table t (id int primary key, d date not null, v text);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;

alter table t add constraint t_id_d unique (id, d);
create table child (id int, t_id int, t_d date, constraint child_t foreign key (t_id, t_d) references t (id, d) on delete cascade);
insert into child select g, g, date '2024-01-01' + g % 90 from generate_series(1, 100) g;
-- write
update t set v = 'w' || $1 where id = $1 % 500 + 1;
insert into t (id, d, v) values (-$1, date '2024-01-01' + $1 % 80, 'new');
insert into child values ($1, -$1, date '2024-01-01' + $1 % 80)
