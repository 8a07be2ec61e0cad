create table "возвраты" ("№" int primary key, "日付" date not null, "ß" text);
insert into "возвраты" select g, date '2024-01-01' + g % 90, 'ü' from generate_series(1, 500) g;
-- write
update "возвраты" set "ß" = 'ö$1' where "№" = $1 % 500 + 1
