import { describe, expect, it } from "vitest"
import { classify } from "../../src/postgres/classify.ts"
import { createDatabase } from "../support/database.ts"

describe("a duplicate key", () => {
  it("halts where rows are in each other's way, and is tried again where names in the catalog are", async () => {
    await using database = await createDatabase("duplicate")
    const name = "x".repeat(60)
    await database.query(`
      create table t (a int primary key, b int);
      create statistics s on a, b from t;
      insert into t values (1)`)
    const [one, other] = [await database.pool.connect(), await database.pool.connect()]
    await one.query(`begin; create table ${name}_1 (like t including statistics)`)
    const losing = other.query(`create table ${name}_2 (like t including statistics)`).catch((error: unknown) => error)
    const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    await expect.poll(() => database.query(waiting)).toHaveLength(1)
    await one.query("commit")
    const error = await losing
    expect(error).toMatchObject({ code: "23505" })
    expect(classify(error)).toBe("contention")
    const ofRows = await one.query("insert into t values (1)").catch((thrown: unknown) => thrown)
    expect(ofRows).toMatchObject({ code: "23505" })
    expect(classify(ofRows)).toBe("halt")
    one.release()
    other.release()
  })
})
