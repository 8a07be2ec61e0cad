import { join } from "node:path"
import { type Binaries, copyBinaries, locateBinaries } from "./binaries.ts"
import { hasCode } from "./hasCode.ts"
import type { Home } from "./home.ts"
import { runProgram } from "./runProgram.ts"
import { serverError } from "./serverError.ts"

/**
 * Binaries that the server's account can run: those of the npm package, or a copy in the cluster's folder
 * when the account cannot get at the package (a checkout in /root) or its libraries cannot be linked
 * (node_modules that are not ours to write).
 */
export async function usableBinaries(home: Pick<Home, "folder" | "account" | "major">): Promise<Binaries> {
  const installed = await locateBinaries(home.major)
  if ((await complaintOf(installed, home)) === undefined) return installed
  const copy = await copyBinaries(installed, join(home.folder, `postgres-${installed.version}`))
  const complaint = await complaintOf(copy, home)
  if (complaint === undefined) return copy
  throw serverError({
    message: `The binaries of PostgreSQL ${installed.version} do not run on this machine.`,
    state: "No database was changed.",
    hint: "They need glibc 2.17 or later on Linux; where they cannot run, give a database with --database-url.",
    output: complaint,
  })
}

async function complaintOf(binaries: Binaries, home: Pick<Home, "account">): Promise<string | undefined> {
  try {
    const { code, output } = await runProgram(join(binaries.bin, "postgres"), ["--version"], home.account)
    return code === 0 ? undefined : output
  } catch (error) {
    if (error instanceof Error && hasCode(error, "EACCES", "ENOENT", "EPERM", "EINVAL")) return error.message
    throw error
  }
}
