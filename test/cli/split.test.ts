import { expect, it } from "vitest"
import { runCutover } from "../support/cli.ts"
import { createDatabase } from "../support/database.ts"
import { contentOf } from "../support/oracle.ts"

it("splits a partition by command, says what that means, and puts it back", async () => {
  await using database = await createDatabase("splitcli")
  await database.query(`
    create table t (id int, d date, primary key (id, d)) partition by range (d);
    create table t_history partition of t for values from (minvalue) to ('2024-04-01');
    create table t_2024_04 partition of t for values from ('2024-04-01') to ('2024-05-01');
    insert into t select g, date '2024-01-01' + g % 120 from generate_series(1, 1200) g`)
  const before = await contentOf(database, "t")

  const refused = await runCutover(database.url, ["launch", "t", "--by", "d"])
  expect(refused.code).toBe(3)
  expect(refused.stderr).toMatch(/To split that into months: cutover launch public\.t_history --by/)

  const doctor = await runCutover(database.url, ["doctor", "t_history"])
  expect(doctor.stdout).toMatch(/public\.t_history is a partition of public\.t, which/)

  const planned = await runCutover(database.url, ["plan", "t_history", "--by", "d"])
  expect(planned.code, planned.stderr).toBe(0)
  expect(planned.stdout).toMatch(/2024-03 +310 rows +public\.t_history_2024_03/)

  const launched = await runCutover(database.url, ["launch", "t_history", "--by", "d"])
  expect(launched.code, launched.stderr).toBe(0)
  expect(launched.stdout).toMatch(/public\.t_history is partitioned by d: 3 partitions, 910 rows/)
  const leaves = await database.query<{ name: string }>(
    "select relid::regclass::text as name from pg_partition_tree('t') where isleaf order by 1",
  )
  expect(leaves.map((one) => one.name)).toEqual([
    "t_2024_04",
    "t_history_2024_01",
    "t_history_2024_02",
    "t_history_2024_03",
    "t_history_before",
  ])

  const back = await runCutover(database.url, ["rollback", "t_history"])
  expect(back.code, back.stderr).toBe(0)
  expect(await contentOf(database, "t")).toEqual(before)
  expect(await database.query("select relkind from pg_class where relname = 't_history'")).toEqual([{ relkind: "r" }])
})
