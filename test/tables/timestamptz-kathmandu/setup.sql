create table t (id int primary key, d timestamptz not null, v text);
insert into t select g, timestamptz '2023-12-31 17:00+00' + g * interval '17 hours', 'v' from generate_series(1, 500) g;
-- write
update t set v = 'w$1' where id = $1 % 500 + 1
