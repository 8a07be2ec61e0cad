create table t (id int primary key, d timestamptz not null, v text);
insert into t select g, timestamptz '2024-03-28 22:00+00' + g * interval '13 minutes', 'v' from generate_series(1, 600) g;
-- write
insert into t values (-$1, timestamptz '2024-03-30 23:30+00' + $1 * interval '1 minute', 'new')
