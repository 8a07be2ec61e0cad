create table t (id int primary key, d date not null, v text, tags text[], span int4range, n numeric);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g, array['a', 'b' || g % 9], int4range(g, g + 5), g from generate_series(1, 500) g;
create index i1 on t (lower(v));
create index i2 on t (v) where n > 100;
create index i3 on t (d desc nulls last) include (v, n);
create index i4 on t using gin (tags);
create index i5 on t using gist (span);
create index i6 on t using brin (d) with (pages_per_range = 16);
create index i7 on t using hash (v);
create index i8 on t (v text_pattern_ops) with (fillfactor = 70);
create index i9 on t (v collate "C");
create unique index i10 on t (d, id) where n is not null;
-- write
update t set v = 'w' || $1, n = $1 where id = $1 % 500 + 1;
insert into t values (-$1, date '2024-01-01' + $1 % 80, 'new', '{x}', '[1,3)', $1)
