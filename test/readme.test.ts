import { readFile } from "node:fs/promises"
import { expect, it } from "vitest"
import { runCutover, startCutover } from "./support/cli.ts"
import { type TestDatabase, createDatabase } from "./support/database.ts"

const readme = await readFile(new URL("../README.md", import.meta.url), "utf8")
const packageJson = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
  scripts: Record<string, string>
}

/** The commands of a shell block, without comments. */
const commands = [...readme.matchAll(/```sh\n(.*?)```/gs)]
  .flatMap(([, block]) => (block ?? "").split("\n"))
  .map((line) => line.replace(/\s+#.*$/, "").trim())
  .filter((line) => line !== "")

const argsOf = (command: string): string[] => command.split(/\s+/).slice(2)
const commandOf = (verb: string): string[] =>
  argsOf(commands.find((one) => one.startsWith(`npx cutover ${verb}`)) ?? "missing")

async function createReturns(name: string): Promise<TestDatabase> {
  const database = await createDatabase(name)
  await database.query(`
    create table returns_raw (id bigint generated always as identity primary key, vendor text, asin text, return_date date not null);
    insert into returns_raw (vendor, asin, return_date)
    select 'v' || g % 9, 'B' || g, date '2024-01-01' + g % 300 from generate_series(1, 20000) g`)
  return database
}

it("names only commands that this file runs", () => {
  expect(commands).toEqual([
    "npm ci && npm run demo",
    "npm ci && npm test",
    "export DATABASE_URL=postgres://me@db.example/shop",
    ...["doctor", "plan", "launch", "status", "pause", "resume", "abort", "rollback", "verify", "cleanup"].map(
      (verb) => `npx cutover ${commandOf(verb).join(" ")}`,
    ),
  ])
  // The two npm commands: the demo's whole run is test/cli/demo.test.ts, and this is `npm test`.
  expect(packageJson.scripts["demo"]).toBe("node bin/cutover.js demo")
  expect(packageJson.scripts["test"]).toContain("vitest run")
})

it("looks first, and finds nothing in the way", async () => {
  await using database = await createReturns("readmelook")
  for (const verb of ["doctor", "plan"]) {
    const looked = await runCutover(database.url, commandOf(verb))
    expect(looked.code, looked.stderr).toBe(0)
    expect(looked.stdout).toContain("Nothing is in the way.")
  }
})

it("leads from launch, watched, to the drop of the old table", async () => {
  await using database = await createReturns("readme")
  const launched = await runCutover(database.url, commandOf("launch"))
  expect(launched.code, launched.stderr).toBe(0)

  const watching = startCutover(database.url, commandOf("status"))
  await expect.poll(watching.stdout, { timeout: 20_000 }).toContain("public.returns_raw")
  watching.process.kill("SIGINT")
  expect((await watching.ended).code).toBe(130)

  expect(await runCutover(database.url, commandOf("cleanup"))).toMatchObject({ code: 9 })
  await database.query("update cutover.runs set fallback_until = now()")
  const cleaned = await runCutover(database.url, commandOf("cleanup"))
  expect(cleaned.code, cleaned.stderr).toBe(0)
  expect(await database.query("select count(*)::int as rows from returns_raw")).toEqual([{ rows: 20_000 }])
})

it("pauses, resumes and aborts a run", async () => {
  await using database = await createReturns("readme")
  expect((await runCutover(database.url, [...commandOf("launch"), "--detach"])).code).toBe(0)
  expect((await runCutover(database.url, commandOf("pause"))).code).toBe(0)
  expect((await runCutover(database.url, [...commandOf("resume"), "--detach"])).code).toBe(0)
  const aborted = await runCutover(database.url, commandOf("abort"))
  expect(aborted.code, aborted.stderr).toBe(0)
  await database.query("insert into returns_raw (return_date) values ('2024-01-01')")
})

it("leads back after the swap, with what was written since", async () => {
  await using database = await createReturns("readmeback")
  const launched = await runCutover(database.url, commandOf("launch"))
  expect(launched.code, launched.stderr).toBe(0)
  await database.query(
    "update returns_raw set vendor = 'changed' where id <= 10; delete from returns_raw where id > 19990",
  )

  const verified = await runCutover(database.url, commandOf("verify"))
  expect(verified.code, verified.stderr).toBe(0)
  const rolledBack = await runCutover(database.url, commandOf("rollback"))
  expect(rolledBack.code, rolledBack.stderr).toBe(0)
  expect(rolledBack.stdout).toContain("with every write made since")

  expect(
    await database.query(
      "select relkind, (select count(*)::int from returns_raw where vendor = 'changed') as changed, (select count(*)::int from returns_raw) as rows from pg_class where oid = 'returns_raw'::regclass",
    ),
  ).toEqual([{ relkind: "r", changed: 10, rows: 19_990 }])
  expect(
    await database.query(
      "select to_regclass('returns_raw_legacy') as legacy, to_regclass('returns_raw_partitioned') as target",
    ),
  ).toEqual([{ legacy: null, target: null }])
})
