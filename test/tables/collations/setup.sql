create collation blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create table t (a text collate "C", b text collate blind, d date not null, v text, primary key (a, b));
insert into t select 'a' || g, 'B' || g, date '2024-01-01' + g % 90, 'v' from generate_series(1, 500) g;
-- write
update t set v = 'w$1' where a = 'a' || ($1 % 500 + 1)
