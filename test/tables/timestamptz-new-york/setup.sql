create table t (id int primary key, d timestamptz not null, v text);
insert into t select g, timestamptz '2024-03-08 22:00+00' + g * interval '13 minutes', 'v' from generate_series(1, 400) g;
insert into t select 1000 + g, timestamptz '2024-11-02 12:00+00' + g * interval '13 minutes', 'v' from generate_series(1, 300) g;
-- write
insert into t values (-$1, timestamptz '2024-03-10 06:30+00' + $1 * interval '1 minute', 'new')
