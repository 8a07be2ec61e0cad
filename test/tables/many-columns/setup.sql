do $$ begin execute 'create table t (id int primary key, d date not null, ' || (select string_agg('c' || n || ' int', ', ') from generate_series(1, 1598) n) || ')'; end $$;
insert into t (id, d, c1, c1598) select g, date '2024-01-01' + g % 31, g, -g from generate_series(1, 60) g;
-- write
update t set c250 = $1 where id = $1 % 60 + 1
