create extension citext; create extension hstore;
create table t (id citext primary key, d date not null, h hstore);
insert into t select 'Key' || g, date '2024-01-01' + g % 90, hstore('a', g::text) from generate_series(1, 500) g;
-- write
update t set h = hstore('b', '$1') where id = 'key' || ($1 % 500 + 1)
