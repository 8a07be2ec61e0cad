create table "select" ("order" int primary key, "user" date not null, cutover_row text, k1 int, "new" int, "old" int, "start" int, "rows" int);
insert into "select" select g, date '2024-01-01' + g % 90, 'v', g, g, g, g, g from generate_series(1, 500) g;
-- write
update "select" set cutover_row = 'w$1', k1 = $1 where "order" = $1 % 500 + 1;
insert into "select" values (-$1, date '2024-01-01' + $1 % 80, 'n', 1, 1, 1, 1, 1)
