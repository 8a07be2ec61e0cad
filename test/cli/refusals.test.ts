import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runCutover } from "../support/cli.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { catalogOf } from "../support/oracle.ts"
import { startTransactionPooler } from "../support/transactionPooler.ts"

type Refusal = {
  readonly what: string
  readonly sql: string
  readonly table?: string
  readonly by?: string
  readonly args?: readonly string[]
  readonly exit: 2 | 3
  readonly code: string
  /** What the message must say. */
  readonly says: string
}

const plain = "create table t (id int primary key, d date not null);"

const refusals: readonly Refusal[] = [
  {
    what: "an unknown table",
    sql: plain,
    table: "nowhere",
    exit: 2,
    code: "CUTOVER_TABLE_UNKNOWN",
    says: "public.nowhere",
  },
  {
    what: "an unknown schema",
    sql: plain,
    table: "no.where",
    exit: 2,
    code: "CUTOVER_TABLE_UNKNOWN",
    says: "no.where",
  },
  { what: "a missing column", sql: plain, by: "day", exit: 2, code: "CUTOVER_COLUMN_UNKNOWN", says: "no column day" },
  { what: "a name that is no name", sql: plain, table: "a.b.c.d", exit: 2, code: "CUTOVER_USAGE", says: "a.b.c.d" },
  {
    what: "a bad option",
    sql: plain,
    args: ["--parallel", "none"],
    exit: 2,
    code: "CUTOVER_CONFIG_INVALID",
    says: "parallel",
  },
  {
    what: "a view",
    sql: `${plain} create view v as select * from t;`,
    table: "v",
    exit: 3,
    code: "CUTOVER_NOT_A_PLAIN_TABLE",
    says: "is a view",
  },
  {
    what: "a materialized view",
    sql: `${plain} create materialized view v as select * from t;`,
    table: "v",
    exit: 3,
    code: "CUTOVER_NOT_A_PLAIN_TABLE",
    says: "materialized view",
  },
  {
    what: "a partitioned table",
    sql: "create table t (id int, d date) partition by range (d);",
    exit: 3,
    code: "CUTOVER_ALREADY_PARTITIONED",
    says: "partitioned already",
  },
  {
    what: "a partition",
    sql: "create table p (d date) partition by range (d); create table t partition of p default;",
    exit: 3,
    code: "CUTOVER_SPLIT_REFUSED",
    says: "the default partition",
  },
  {
    what: "a child by inheritance",
    sql: "create table p (d date); create table t () inherits (p);",
    exit: 3,
    code: "CUTOVER_INHERITANCE",
    says: "inheritance",
  },
  {
    what: "a parent by inheritance",
    sql: `${plain} create table c () inherits (t);`,
    exit: 3,
    code: "CUTOVER_INHERITANCE",
    says: "inheritance",
  },
  {
    what: "a typed table",
    sql: "create type ty as (id int, d date); create table t of ty;",
    exit: 3,
    code: "CUTOVER_INHERITANCE",
    says: "typed",
  },
  {
    what: "a foreign table",
    sql: "create foreign data wrapper w; create server s foreign data wrapper w; create foreign table t (d date) server s;",
    exit: 3,
    code: "CUTOVER_NOT_A_PLAIN_TABLE",
    says: "foreign table",
  },
  {
    what: "a key of the wrong type",
    sql: "create table t (id int primary key, d text not null);",
    exit: 3,
    code: "CUTOVER_KEY_TYPE",
    says: "of type text",
  },
  {
    what: "a generated key",
    sql: "create table t (a date, d date generated always as (a) stored);",
    exit: 3,
    code: "CUTOVER_KEY_GENERATED",
    says: "generated",
  },
  {
    what: "rows without a key",
    sql: "create table t (id int primary key, d date); insert into t values (1, null), (2, null), (3, '2024-01-01');",
    exit: 3,
    code: "CUTOVER_KEY_NULLS",
    says: "2 rows have no d",
  },
  {
    what: "a key of infinity",
    sql: `${plain} insert into t values (1, 'infinity');`,
    exit: 3,
    code: "CUTOVER_KEY_OUT_OF_BOUNDS",
    says: "infinity",
  },
  {
    what: "a key before Christ",
    sql: `${plain} insert into t values (1, '0044-03-15 BC');`,
    exit: 3,
    code: "CUTOVER_KEY_OUT_OF_BOUNDS",
    says: "BC",
  },
  {
    what: "a foreign key to an unlogged table",
    sql: "create unlogged table u (id int primary key); create unlogged table t (id int primary key, d date not null, u int references u);",
    exit: 3,
    code: "CUTOVER_FOREIGN_KEY_UNLOGGED",
    says: "t_u_fkey",
  },
  {
    what: "a unique key without the partition key",
    sql: "create table t (id int primary key, mail text unique, d date not null);",
    exit: 3,
    code: "CUTOVER_UNIQUE_WITHOUT_KEY",
    says: "t_mail_key",
  },
  {
    what: "a primary key that may not be extended",
    sql: plain,
    args: ["--primary-key", "refuse"],
    exit: 3,
    code: "CUTOVER_PRIMARY_KEY_REFUSED",
    says: "primary key",
  },
  {
    what: "an incoming foreign key",
    sql: `${plain} create table c (t int references t);`,
    exit: 3,
    code: "CUTOVER_INCOMING_KEY",
    says: "foreign key c_t_fkey",
  },
  {
    what: "a materialized view on it",
    sql: `${plain} create materialized view v as select * from t;`,
    exit: 3,
    code: "CUTOVER_MATERIALIZED_VIEW",
    says: "materialized view public.v",
  },
  {
    what: "a column with its row type",
    sql: `${plain} create table keeps (one t);`,
    exit: 3,
    code: "CUTOVER_ROW_TYPE_USED",
    says: "keeps",
  },
  {
    what: "a publication of all tables",
    sql: `${plain} create publication pub for all tables;`,
    exit: 3,
    code: "CUTOVER_PUBLISHED_BY_SCHEMA",
    says: "publication pub",
  },
  {
    what: "an exclusion constraint",
    sql: "create table t (id int primary key, d date not null, r int4range, exclude using gist (r with &&));",
    exit: 3,
    code: "CUTOVER_EXCLUSION_CONSTRAINT",
    says: "exclusion",
  },
  {
    what: "a check without inheritance",
    sql: `${plain} alter table t add constraint c check (id > 0) no inherit;`,
    exit: 3,
    code: "CUTOVER_CHECK_NO_INHERIT",
    says: "NO INHERIT",
  },
  {
    what: "a legacy table in the way",
    sql: `${plain} create table t_legacy ();`,
    exit: 3,
    code: "CUTOVER_NAME_TAKEN",
    says: "t_legacy",
  },
  {
    what: "a constraint with the name of our CHECK",
    sql: `${plain} alter table t add constraint cutover_bounds check (id > 0);`,
    exit: 3,
    code: "CUTOVER_NAME_TAKEN",
    says: "constraint cutover_bounds",
  },
  {
    what: "a scaffold that is no partitioned table",
    sql: `${plain} create table t_partitioned (id int, d date);`,
    exit: 3,
    code: "CUTOVER_SCAFFOLD_DIFFERS",
    says: "not a partitioned table",
  },
  {
    what: "a scaffold with other columns",
    sql: `${plain} create table t_partitioned (id int, d date, x int) partition by range (d);`,
    exit: 3,
    code: "CUTOVER_SCAFFOLD_DIFFERS",
    says: "columns are id, d, x and not id, d",
  },
  {
    what: "a scaffold with another key",
    sql: "create table t (id int, d date not null, e date); create table t_partitioned (like t) partition by range (e);",
    exit: 3,
    code: "CUTOVER_SCAFFOLD_DIFFERS",
    says: "RANGE (e)",
  },
  {
    what: "a scaffold without the primary key",
    sql: `${plain} create table t_partitioned (id int, d date not null) partition by range (d);`,
    exit: 3,
    code: "CUTOVER_SCAFFOLD_DIFFERS",
    says: "no unique index like t_pkey",
  },
  {
    what: "a scaffold that holds rows",
    sql: `${plain} create table t_partitioned (like t, primary key (id, d)) partition by range (d); create table p partition of t_partitioned default; insert into t_partitioned values (1, '2024-01-01');`,
    exit: 3,
    code: "CUTOVER_SCAFFOLD_DIFFERS",
    says: "holds rows",
  },
  {
    what: "a scaffold with a partition in another schema",
    sql: `${plain} create table t_partitioned (like t, primary key (id, d)) partition by range (d); create schema other; create table other.p partition of t_partitioned for values from ('2024-01-01') to ('2024-02-01');`,
    exit: 3,
    code: "CUTOVER_SCAFFOLD_DIFFERS",
    says: "partition p lies in the schema other and not in public",
  },
  {
    what: "a scaffold with a partition that is partitioned itself",
    sql: `${plain} create table t_partitioned (like t, primary key (id, d)) partition by range (d); create table p partition of t_partitioned for values from ('2024-01-01') to ('2024-02-01') partition by range (id);`,
    exit: 3,
    code: "CUTOVER_SCAFFOLD_DIFFERS",
    says: "partition p is no plain table",
  },
  {
    what: "a scaffold with a partition of two months",
    sql: `${plain} create table t_partitioned (like t, primary key (id, d)) partition by range (d); create table p partition of t_partitioned for values from ('2024-01-01') to ('2024-03-01');`,
    exit: 3,
    code: "CUTOVER_SCAFFOLD_DIFFERS",
    says: "partition p goes from 2024-01-01 to 2024-03-01, which is not one month",
  },
  {
    what: "a scaffold with a month that begins at noon",
    sql: "create table t (id int, d timestamp not null); create table t_partitioned (like t) partition by range (d); create table p partition of t_partitioned for values from ('2024-01-01 12:00') to ('2024-02-01 12:00');",
    exit: 3,
    code: "CUTOVER_SCAFFOLD_DIFFERS",
    says: "partition p goes from 2024-01-01 12:00:00 to 2024-02-01 12:00:00, which is not one month",
  },
  {
    what: "a schema cutover of somebody else",
    sql: `${plain} create schema cutover; create table cutover.theirs ();`,
    exit: 3,
    code: "CUTOVER_SCHEMA_VERSION",
    says: "did not make",
  },
  {
    what: "our schema of another major version",
    sql: `${plain} create schema cutover; create table cutover.meta (major int); insert into cutover.meta values (7);`,
    exit: 3,
    code: "CUTOVER_SCHEMA_VERSION",
    says: "7",
  },
]

describe("launch refuses, with nothing changed", () => {
  it.each(refusals)("$what", async ({ sql, table = "t", by = "d", args = [], exit, code, says }) => {
    await using database = await createDatabase("refuse")
    await database.query(sql)
    const before = await catalogOf(database)
    const command = ["launch", table, "--by", by, "--writes", "block", "--json", ...args]
    const { code: exitCode, stdout, stderr } = await runCutover(database.url, command)
    expect(exitCode, stderr).toBe(exit)
    const { error } = JSON.parse(stderr) as { error: { code: string; message: string; state: string; hint: string } }
    expect(error.code).toBe(code)
    expect(error.message).toContain(says)
    expect(error.state).toBe("Nothing was changed.")
    expect(error.hint).not.toBe("")
    expect(stdout).toBe("")
    expect(await catalogOf(database)).toEqual(before)
  })
})

describe("launch refuses a role that lacks a privilege, and names the GRANT", () => {
  let database: TestDatabase
  const role = `low_${process.pid}`
  const urlOf = (): string => {
    const url = new URL(database.url)
    url.username = role
    url.password = "secret-of-low"
    return url.href
  }
  beforeAll(async () => {
    database = await createDatabase("privilege")
    await database.query(`create role ${role} login password 'secret-of-low'; ${plain}`)
  })
  afterAll(async () => {
    await database.query(`drop owned by ${role}; drop role ${role}`)
    await database.drop()
  })

  it("to own the table, and tells no secret", async () => {
    const { code, stderr } = await runCutover(urlOf(), ["launch", "t", "--by", "d", "--writes", "block", "--json"])
    expect(code, stderr).toBe(3)
    const { error } = JSON.parse(stderr) as {
      error: { code: string; hint: string; details: { findings: { hint: string }[] } }
    }
    expect(error.code).toBe("CUTOVER_PRIVILEGE")
    const hints = error.details.findings.map((one) => one.hint).join("\n")
    expect(hints).toContain(`to "${role}"`)
    expect(hints).toContain("grant usage, create on schema")
    expect(hints).toContain("grant create on database")
    expect(stderr).not.toContain("secret-of-low")
  })
})

describe("a pooler in transaction mode", () => {
  it("is told from a server, and refused", async () => {
    await using database = await createDatabase("pooler")
    await database.query(plain)
    const before = await catalogOf(database)
    await using pooler = await startTransactionPooler(database.url)
    const { code, stderr } = await runCutover(pooler.url, ["launch", "t", "--by", "d", "--json"])
    expect(code, stderr).toBe(3)
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "CUTOVER_POOLER_IN_TRANSACTION_MODE" } })
    expect(await catalogOf(database)).toEqual(before)
  })
})

describe("a second launch", () => {
  it("is refused while a run of the table is open, and names it", async () => {
    await using database = await createDatabase("twice")
    await database.query(plain)
    const args = ["launch", "t", "--by", "d", "--writes", "block", "--detach", "--json"]
    const first = await runCutover(database.url, args)
    expect(first.code, first.stderr).toBe(0)
    const { code, stderr } = await runCutover(database.url, args)
    expect(code).toBe(3)
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "CUTOVER_RUN_OPEN" } })
    expect(await database.query("select count(*)::int as runs from cutover.runs")).toEqual([{ runs: 1 }])
  })

  it("at the same moment has one winner", async () => {
    await using database = await createDatabase("race")
    await database.query(plain)
    const args = ["launch", "t", "--by", "d", "--writes", "block", "--detach", "--json"]
    const ended = await Promise.all([1, 2, 3].map(() => runCutover(database.url, args)))
    expect(
      ended.map((one) => Number(one.code)).toSorted((a, b) => a - b),
      ended.map((one) => one.stderr).join("\n"),
    ).toEqual([0, 3, 3])
    expect(await database.query("select count(*)::int as runs from cutover.runs")).toEqual([{ runs: 1 }])
  })
})
