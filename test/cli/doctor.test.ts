import { expect, it } from "vitest"
import type { Diagnosis } from "../../src/runtime/commands/doctor.ts"
import { runCutover } from "../support/cli.ts"
import { createDatabase } from "../support/database.ts"

it.each([
  {
    what: "partitioned already",
    setup: "create table t (d date) partition by range (d)",
    finding: { code: "CUTOVER_ALREADY_PARTITIONED", message: "public.t is partitioned already." },
  },
  {
    what: "a view",
    setup: "create view t as select 1 as n",
    finding: { code: "CUTOVER_NOT_A_PLAIN_TABLE", message: "public.t is a view." },
  },
  {
    what: "a partition",
    setup: "create table p (d date) partition by range (d); create table t partition of p default",
    finding: {
      code: "CUTOVER_SPLIT_REFUSED",
      message: "public.t cannot be split: it is the default partition, which has no range of its own.",
    },
  },
])("a table that is $what is a finding among those of the server", async ({ setup, finding }) => {
  await using database = await createDatabase("doctor")
  await database.query(setup)
  const { code, stdout } = await runCutover(database.url, ["doctor", "t", "--json"])
  expect(code).toBe(3)
  const { findings } = JSON.parse(stdout) as Diagnosis
  expect(findings).toContainEqual(expect.objectContaining({ ...finding, level: "block" }))
  const codes = findings.map((one) => one.code)
  expect(codes).toContain("CUTOVER_CLOCK_SKEW")
  expect(codes).toContain("CUTOVER_SERVER_TOO_OLD")
})

it("a table that does not exist is wrong use, and nothing was looked at", async () => {
  await using database = await createDatabase("doctor")
  const { code, stdout, stderr } = await runCutover(database.url, ["doctor", "t"])
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
  expect(stderr).toContain("CUTOVER_TABLE_UNKNOWN")
})
