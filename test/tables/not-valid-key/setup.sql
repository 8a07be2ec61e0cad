create table vendor (id int primary key);
insert into vendor select generate_series(1, 400);
create table t (id int primary key, d date not null, v text, vendor int);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g, g from generate_series(1, 500) g;
alter table t add constraint t_vendor foreign key (vendor) references vendor not valid;
comment on constraint t_vendor on t is 'from now on';
-- write
insert into t values (-$1, date '2024-01-01' + $1 % 80, 'new', 1 + $1 % 400)
