create table t (id int primary key, d date not null, v text);
alter table t alter v set storage external;
insert into t select g, date '2024-01-01' + g % 60, repeat(md5(g::text), 300) from generate_series(1, 200) g;
-- write
update t set v = repeat(md5('$1'), 250) where id = $1 % 200 + 1
