create table t (id int primary key, d date not null, v text);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;

create function how_many() returns bigint language sql begin atomic select count(*) from t; end;
create function by_name() returns bigint language plpgsql as 'begin return (select count(*) from t); end';
-- write
update t set v = 'w' || $1 where id = $1 % 500 + 1;
insert into t (id, d, v) values (-$1, date '2024-01-01' + $1 % 80, 'new');
select how_many(), by_name()
