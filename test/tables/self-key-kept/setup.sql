create table t (id int, d date not null, v text, parent int, parent_d date, primary key (id, d), constraint t_parent foreign key (parent, parent_d) references t (id, d));
insert into t (id, d, v, parent, parent_d) select g, date '2024-01-01' + g % 90, 'v' || g, nullif(g / 2, 0), case when g > 1 then date '2024-01-01' + (g / 2) % 90 end from generate_series(1, 500) g;
comment on constraint t_parent on t is 'up';
-- write
update t set v = 'w' || $1 where id = $1 % 500 + 1;
insert into t values (-$1, date '2024-01-01' + $1 % 80, 'new', 7, date '2024-01-08')
