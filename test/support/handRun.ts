import pg from "pg"
import { expect } from "vitest"
import { runOptionsSchema } from "../../src/config/runOptions.ts"
import { parseTableName } from "../../src/domain/tableName.ts"
import { plan } from "../../src/runtime/commands/plan/plan.ts"
import type { TestDatabase } from "./database.ts"
import { type LaunchInput, services } from "./runs.ts"
import { type Shape, optionsOf } from "./shapes.ts"

/** Whom a partition lets in past the grants and policies of the whole. */
export async function grantsOnPartitions(database: TestDatabase): Promise<unknown[]> {
  return await database.query(`
    select c.relname, g.grantee::regrole::text as grantee, g.privilege_type
    from pg_class c cross join aclexplode(c.relacl) g
    where c.relispartition and c.relkind = 'r' and g.grantee <> c.relowner and c.relnamespace <> 'cutover_jobs'::regnamespace`)
}

/** The statements of `plan --sql`, one after the other as psql would send them. */
export async function runByHand(database: TestDatabase, shape: Shape): Promise<void> {
  await runPlanByHand(database, { table: shape.table, by: shape.by, options: optionsOf(shape) })
}

export async function runPlanByHand(database: TestDatabase, { table, by, options = {} }: LaunchInput): Promise<void> {
  await using open = await services(database)
  const request = { table: parseTableName(table), by, options: runOptionsSchema.parse(options), isOptedIn: true }
  const { sql, findings } = await plan(open, request)
  expect(findings.filter((one) => one.level === "block")).toEqual([])
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    for (const { text } of sql) await client.query(text)
  } finally {
    await client.end()
  }
}
