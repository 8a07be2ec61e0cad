import { randomUUID } from "node:crypto"
import { chmod, rename, writeFile } from "node:fs/promises"

/** Writes a file that the server's account may read; whoever reads it meanwhile sees the old text or the new. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`
  await writeFile(unfinished, text, { flag: "wx" })
  // Whatever our umask says.
  await chmod(unfinished, 0o644)
  await rename(unfinished, file)
}
