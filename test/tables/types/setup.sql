create type mood as enum ('sad', 'ok');
create domain positive as int check (value > 0);
create type pair as (a int, b text);
create table t (id int primary key, d date not null, m mood, p positive, c pair, r daterange, mr int4multirange, j json, jb jsonb, x xml, a text[][], n numeric,
                f float8, i interval, b bytea, ip inet, bi bit(4), u uuid, ts timestamptz, tm timetz, mo money, tv tsvector, pt point);
insert into t select g, date '2024-01-01' + g % 90, 'ok', g, row(g, 'x'::text)::pair, daterange('2024-01-01', '2024-02-01'), '{[1,3),[5,7)}', '{"b":1, "a":2}', '{"b":1}', '<a/>',
  '{{a,b},{c,null}}', case when g % 3 = 0 then 'NaN' when g % 3 = 1 then 1.0 else 1.00 end, case when g % 2 = 0 then float8 '-0' else 'NaN' end, '1 mon 2 days',
  '\xdeadbeef', '10.0.0.1/8', '1010', gen_random_uuid(), now(), '12:00+02', 5, 'a b', '(1,2)' from generate_series(1, 500) g;
-- write
update t set m = 'sad', j = '{"n": $1}', n = 1.000, f = 0 where id = $1 % 500 + 1
