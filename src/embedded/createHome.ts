import { randomBytes } from "node:crypto"
import { chmod, chown, mkdir, mkdtemp, readdir, rename, rm, rmdir, symlink, writeFile } from "node:fs/promises"
import { basename, join } from "node:path"
import { type Account, serverAccount } from "./account.ts"
import type { Major } from "./binaries.ts"
import { hasCode } from "./hasCode.ts"
import { type Home, homeLink, passwordFile } from "./home.ts"
import { makeDirectory } from "./makeDirectory.ts"
import { isRunning } from "./processState.ts"
import { runProgram } from "./runProgram.ts"
import { serverError } from "./serverError.ts"
import { type Settings, renderSettings } from "./settings.ts"
import { usableBinaries } from "./usableBinaries.ts"
import { writeWhole } from "./writeWhole.ts"

/**
 * Creates a cluster's files, complete before they get their name: of two callers at once the first one wins
 * and the other's are thrown away, and a kill leaves nothing that looks like a cluster.
 */
export async function createHome(directory: string, major: Major, settings: Settings): Promise<void> {
  await makeDirectory(directory, 0o711)
  await removeUnfinished(directory)
  const account = await serverAccount(join(homeLink(directory), "data"))
  const folder = await makeFolder(directory, account)
  try {
    await fillFolder({ folder, account, major }, settings)
    await publish(folder, directory)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    if (!hasCode(error, "EEXIST", "ENOTEMPTY", "ENOTDIR")) throw error
  }
}

/** Where the cluster lives when root's directory is closed to the account that must run the server. */
const openBase = "/var/lib/pg-cutover"

async function makeFolder(directory: string, account: Account | undefined): Promise<string> {
  const inside = await mkdtemp(join(directory, `${unfinished}${process.pid}-`))
  // Others may pass through, since the data is for the server's account; they cannot list or read.
  await chmod(inside, account === undefined ? 0o700 : 0o711)
  if (account === undefined || (await canEnter(inside, account))) return inside
  await rmdir(inside)
  await mkdir(openBase, { recursive: true })
  await chmod(openBase, 0o755)
  const outside = await mkdtemp(join(openBase, "cluster-"))
  await chmod(outside, 0o711)
  return outside
}

async function canEnter(folder: string, account: Account): Promise<boolean> {
  const { code } = await runProgram("/bin/sh", ["-c", `cd -- "$1"`, "sh", folder], account)
  return code === 0
}

type Unfinished = Pick<Home, "folder" | "account" | "major">

async function fillFolder(home: Unfinished, settings: Settings): Promise<void> {
  const { folder, account, major } = home
  const { bin } = await usableBinaries(home)
  await mkdir(join(folder, "data"), { mode: 0o700 })
  await giveTo(account, join(folder, "data"))
  await writeFile(join(folder, "postgres.log"), "", { mode: 0o600 })
  await giveTo(account, join(folder, "postgres.log"))
  await writeWhole(join(folder, "major"), String(major))
  await writeWhole(join(folder, "settings.conf"), renderSettings(settings))
  await initialize(home, bin, settings["fsync"] === "off" ? ["--no-sync"] : [])
}

async function initialize(home: Unfinished, bin: string, options: readonly string[]): Promise<void> {
  const { folder, account, major } = home
  const password = randomBytes(24).toString("base64url")
  await writeFile(passwordFile(folder), password, { mode: 0o600 })
  const passwordForInitdb = join(folder, "password-for-initdb")
  await writeFile(passwordForInitdb, password, { mode: 0o600 })
  await giveTo(account, passwordForInitdb)
  const { code, output } = await runProgram(
    join(bin, "initdb"),
    [
      `--pgdata=${join(folder, "data")}`,
      "--username=postgres",
      "--auth=scram-sha-256",
      `--pwfile=${passwordForInitdb}`,
      "--encoding=UTF8",
      "--locale=C",
      ...options,
    ],
    account,
  )
  await rm(passwordForInitdb)
  if (code === 0) return
  throw serverError({
    message: `The PostgreSQL ${major} cluster in ${folder} was not created: initdb ended with code ${code}.`,
    state: "Nothing of it was kept.",
    hint: "Remove the reason that initdb gives, or give another directory.",
    output: output.split("\n").slice(-15).join("\n"),
  })
}

async function giveTo(account: Account | undefined, path: string): Promise<void> {
  if (account !== undefined) await chown(path, account.uid, account.gid)
}

async function publish(folder: string, directory: string): Promise<void> {
  const isInside = basename(folder).startsWith(unfinished)
  await (isInside ? rename(folder, homeLink(directory)) : symlink(folder, homeLink(directory)))
}

const unfinished = "unfinished-"

/** What a killed creation left behind. */
async function removeUnfinished(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const pid = Number(/^unfinished-(\d+)-/.exec(name)?.[1])
    if (pid > 0 && !isRunning(pid)) await rm(join(directory, name), { recursive: true, force: true })
  }
}
