create table t (id int primary key, d date not null, v text);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;

create function h() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger s after insert on t referencing new table as fresh for each row execute function h();
