create table t (id int primary key, d timestamptz not null, v text);
insert into t select g, timestamptz '2011-12-28 00:00+00' + g * interval '13 minutes', 'v' from generate_series(1, 500) g;
-- write
insert into t values (-$1, timestamptz '2011-12-30 08:30+00' + $1 * interval '1 minute', 'new')
