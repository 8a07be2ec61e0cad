create table t (id int primary key, d date not null, v text);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;

alter table t add constraint t_id_d unique (id, d);
create table child (t_id int, t_d date, constraint child_t foreign key (t_id, t_d) references t (id, d)) partition by range (t_d);
