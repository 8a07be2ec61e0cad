import { readFile, stat } from "node:fs/promises"
import { hasCode } from "./hasCode.ts"

/** Who runs the server; both as unsigned numbers. */
export type Account = { readonly uid: number; readonly gid: number }

/**
 * PostgreSQL refuses to run as root: the account for its server then is the owner of `dataFolder`, or
 * `nobody` where there is none yet. Undefined when we are an ordinary account, which runs it itself.
 */
export async function serverAccount(dataFolder: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const owner = await findOwner(dataFolder)
  return owner === undefined || owner.uid === 0 ? await nobody() : owner
}

async function findOwner(folder: string): Promise<Account | undefined> {
  try {
    const { uid, gid } = await stat(folder)
    return { uid, gid }
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined
    throw error
  }
}

/** 65534 is what Linux calls nobody, where /etc/passwd does not know one. */
const unknownNobody: Account = { uid: 65534, gid: 65534 }

async function nobody(): Promise<Account> {
  const passwd = await readFile("/etc/passwd", "utf8").catch(() => "")
  const [, uid, gid] = /^nobody:[^:]*:(-?\d+):(-?\d+):/m.exec(passwd) ?? []
  return uid === undefined ? unknownNobody : { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }
}
