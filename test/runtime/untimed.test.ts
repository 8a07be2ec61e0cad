import { describe, expect, it } from "vitest"
import { rollback } from "../../src/runtime/commands/rollback.ts"
import { createDatabase } from "../support/database.ts"
import { launchRun, services, workUntil, workUntilQuiet } from "../support/runs.ts"

describe("a statement that lasts as long as the table is large", () => {
  it("has no time limit, where foreign keys are read and materialized views filled, after the swap and after a rollback", async () => {
    await using database = await createDatabase("untimed")
    await using open = await services(database)
    await database.query(`
      create table t (id int, d date not null, v text, primary key (id, d));
      insert into t select g, date '2024-01-01' + g % 100, 'v' from generate_series(1, 1000) g;
      create table child (t_id int, t_d date, foreign key (t_id, t_d) references t (id, d));
      insert into child select id, d from t;
      create materialized view sums as select v, count(*) from t group by v;
      create table limits (command text, ms text);
      create function note_limit() returns event_trigger language plpgsql as $$
      begin
        insert into public.limits select current_query(), setting from pg_catalog.pg_settings where name = 'statement_timeout';
      end $$;
      create event trigger note_limit on ddl_command_start execute function note_limit()`)
    const options = { writes: "capture", materializedViews: "recreate" } as const
    const run = await launchRun(open, { table: "t", by: "d", options })
    await workUntilQuiet(open, run.id)
    await rollback(open, run.id, null)
    await workUntil(open, run.id, (one) => one.run.finishedAt !== null)
    const lasting = await database.query(`
      select case when command like '%validate constraint%' then 'key' else 'view' end as what, ms
      from limits where command ~ 'validate constraint .*fkey|refresh materialized' order by 1`)
    expect(lasting).toEqual([
      { what: "key", ms: "0" },
      { what: "key", ms: "0" },
      { what: "view", ms: "0" },
      { what: "view", ms: "0" },
    ])
  })
})
