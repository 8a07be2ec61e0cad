import { execFileSync } from "node:child_process"
import { chownSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { serverAccount } from "../../src/embedded/account.ts"
import { resume } from "../../src/runtime/commands/resume.ts"
import { type TestDatabase, type TestServer, startServer } from "../support/database.ts"
import { contentOf } from "../support/oracle.ts"
import { launchRun, services, waitForStatus, worker } from "../support/runs.ts"

/** Only root on Linux may mount a small file system; the release and CI are. */
const mayMount = process.platform === "linux" && process.getuid?.() === 0

describe.runIf(mayMount)("a disk", () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.destroy())

  it("that has too little room for the copy is found before the launch", async () => {
    await using disk = await mountTablespace(server, "small", 9)
    await using database = await server.createDatabase("small")
    await using open = await services(database)
    await createTable(database, disk.space)
    await expect(launchRun(open, { table: "t", by: "d" })).rejects.toMatchObject({ code: "CUTOVER_DISK_SPACE" })
  })

  // The table takes 6 MB; its copy and its indexes run out of the rest sooner or later.
  it.each([8, 9, 11, 13])(
    "that is full at %s MB pauses the run with the reason; it goes on with room",
    async (size) => {
      await using disk = await mountTablespace(server, `full_${size}`, 64)
      await using database = await server.createDatabase("full")
      await using open = await services(database)
      await createTable(database, disk.space)
      const content = await contentOf(database, "t")
      const options = { writes: "capture", monthsAhead: 0, monthsBack: 0 } as const
      const run = await launchRun(open, { table: "t", by: "d", options })
      disk.resize(size)
      await using _ = await worker(open, run.id)
      const paused = await waitForStatus(open, run.id, (one) => one.run.control !== "running")
      expect(paused.run).toMatchObject({ control: "paused", error: null })
      expect(paused.run.reason).toMatch(
        /^the server's disk is full \(.*No space left on device\); make room, then: cutover resume/,
      )
      expect(await contentOf(database, "t")).toEqual(content)
      disk.resize(64)
      await resume(open, run.id)
      await waitForStatus(open, run.id, (one) => one.run.state === "cleanup" || one.run.control !== "running")
      expect(await contentOf(database, "t")).toEqual(content)
      expect(await database.query("select relkind from pg_class where relname = 't'")).toEqual([{ relkind: "p" }])
    },
  )
})

async function createTable(database: TestDatabase, space: string): Promise<void> {
  await database.query(`
    create table t (id int primary key using index tablespace ${space}, d date not null, v text) tablespace ${space};
    insert into t select g, date '2024-01-01' + g % 90, repeat('v', 250) from generate_series(1, 20000) g;
    create index t_v on t (v, d) tablespace ${space}`)
}

type Disk = AsyncDisposable & { readonly space: string; resize(mb: number): void }

/** A tablespace on a file system in memory, of that many MB. */
async function mountTablespace(server: TestServer, space: string, mb: number): Promise<Disk> {
  const folder = mkdtempSync(join(tmpdir(), "pg-cutover-disk-"))
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mb}m`, "tmpfs", folder])
  const account = await serverAccount(join(folder, "none"))
  if (account !== undefined) chownSync(folder, account.uid, account.gid)
  await inPostgres(server, `create tablespace ${space} location '${folder}'`)
  return {
    space,
    resize: (size) => void execFileSync("mount", ["-o", `remount,size=${size}m`, folder]),
    [Symbol.asyncDispose]: async () => {
      await inPostgres(server, `drop tablespace ${space}`).finally(() => {
        execFileSync("umount", ["-l", folder])
        rmSync(folder, { recursive: true })
      })
    },
  }
}

async function inPostgres(server: TestServer, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  await client.query(statement)
  await client.end()
}
