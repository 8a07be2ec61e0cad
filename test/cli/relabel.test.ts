import { expect, it } from "vitest"
import { runCutover } from "../support/cli.ts"
import { createDatabase } from "../support/database.ts"
import { contentOf } from "../support/oracle.ts"

it("relabels a table by command, says what that means, and takes it back", async () => {
  await using database = await createDatabase("relabelcli")
  await database.query(`
    create table t (id int primary key, d date not null);
    insert into t select g, date '2024-01-01' + g % 300 from generate_series(1, 2000) g`)
  const before = await contentOf(database, "t")

  const planned = await runCutover(database.url, ["plan", "t", "--by", "d", "--strategy", "relabel"])
  expect(planned.code, planned.stderr).toBe(0)
  expect(planned.stdout).toMatch(/relabel: no row is moved: the table is read once, and becomes one\s+partition up to/)
  expect(planned.stdout).toMatch(/history +2,000 rows/)

  const launched = await runCutover(database.url, ["launch", "t", "--by", "d", "--strategy", "relabel"])
  expect(launched.code, launched.stderr).toBe(0)
  expect(launched.stdout).toMatch(/public\.t is partitioned by d: 6 partitions, no row moved, .* from launch to swap/)
  expect(launched.stdout).toContain("All its rows are in public.t_history, which is its first partition.")
  expect(launched.stdout).toMatch(/Until .* it can be undone: .*rollback public\.t/)

  const status = await runCutover(database.url, ["status", "t"])
  expect(status.stdout).toMatch(
    /nothing is dropped after\s+it, and what is past can be split into months: cutover launch public\.t_history --by d/,
  )
  expect(status.stdout).toMatch(/history +validated .*~2k/)

  const back = await runCutover(database.url, ["rollback", "t"])
  expect(back.code, back.stderr).toBe(0)
  expect(await contentOf(database, "t")).toEqual(before)
  expect(await database.query("select relkind from pg_class where relname = 't'")).toEqual([{ relkind: "r" }])
})
