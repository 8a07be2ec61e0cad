create table vendor (id int primary key);
insert into vendor select generate_series(1, 20);
create table region (id int primary key);
insert into region select generate_series(1, 5);
create table t (id int primary key, d date not null, vendor int references vendor on delete cascade on update cascade,
                region int, constraint t_region foreign key (region) references region on delete set null deferrable initially deferred);
insert into t select g, date '2024-01-01' + g % 90, 1 + g % 20, 1 + g % 5 from generate_series(1, 500) g;
comment on constraint t_region on t is 'where';
-- write
insert into t values (-$1, date '2024-01-01' + $1 % 80, 1 + $1 % 20, 1 + $1 % 5);
update t set region = 1 + $1 % 5 where id = $1 % 500 + 1
