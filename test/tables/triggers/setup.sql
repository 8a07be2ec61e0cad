create table t (id int primary key, d date not null, v text);
insert into t select g, date '2024-01-01' + g % 90, 'v' || g from generate_series(1, 500) g;

create table audit (n bigint generated always as identity, what text);
create function f() returns trigger language plpgsql as $$ begin new.v := coalesce(new.v, 'none'); return new; end $$;
create function g() returns trigger language plpgsql as $$ begin insert into audit (what) values (tg_name); return null; end $$;
create function h() returns trigger language plpgsql as $$ begin insert into audit (what) select 'rows ' || count(*) from fresh; return null; end $$;
create function again() returns trigger language plpgsql as $$ begin
  if new.v not like '%!' then update t set v = v || '!' where id = new.id; end if; return null; end $$;
create trigger b before insert or update of v on t for each row execute function f();
create trigger a after update on t for each row when (old.v is distinct from new.v) execute function g();
create trigger s after insert on t referencing new table as fresh for each statement execute function h();
create constraint trigger c after insert on t deferrable initially deferred for each row execute function g();
create trigger z after insert or update on t for each row execute function again();
create trigger off before insert on t for each row execute function f();
create trigger repl before insert on t for each row execute function f();
create trigger alw before insert on t for each row execute function f();
alter table t disable trigger off;
alter table t enable replica trigger repl;
alter table t enable always trigger alw;
comment on trigger b on t is 'never null';
-- write
update t set v = 'w' || $1 where id = $1 % 500 + 1;
insert into t (id, d, v) values (-$1, date '2024-01-01' + $1 % 80, 'new')
