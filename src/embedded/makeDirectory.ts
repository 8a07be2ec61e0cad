import { mkdir, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { hasCode } from "./hasCode.ts"

/**
 * Makes a directory, and those above it that are missing. Node's own `recursive` never comes back where a file system has no place for
 * directories and says ENOENT, as /proc does.
 */
export async function makeDirectory(directory: string, mode?: number): Promise<void> {
  if (await exists(directory)) return
  const parent = dirname(directory)
  if (parent !== directory) await makeDirectory(parent, mode)
  try {
    await mkdir(directory, mode)
  } catch (error) {
    // Somebody else has just made it.
    if (!hasCode(error, "EEXIST") || !(await stat(directory)).isDirectory()) throw error
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false
    throw error
  }
}
