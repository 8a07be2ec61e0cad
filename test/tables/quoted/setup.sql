create schema "Sch ema";
create table "Sch ema"."My ""table"" 100%" ("I d" int, "D$ate\" date not null, "v'" text, constraint "p k" primary key ("I d"));
insert into "Sch ema"."My ""table"" 100%" select g, date '2024-01-01' + g % 90, 'v' from generate_series(1, 500) g;
create index "in dex" on "Sch ema"."My ""table"" 100%" ("v'");
-- write
update "Sch ema"."My ""table"" 100%" set "v'" = 'w$1' where "I d" = $1 % 500 + 1
