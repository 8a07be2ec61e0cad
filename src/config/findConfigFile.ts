import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { inspect } from "node:util"
import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"

/** A configuration file as it was found: its absolute path, and its keys and values, not yet judged. */
export type ConfigFile = { readonly path: string; readonly values: Readonly<Record<string, unknown>> }

const fileNames = ["cutover.config.ts", "cutover.config.js", "cutover.config.json"]

/**
 * The configuration file of a folder (absolute), undefined where there is none. A file that cannot be read, holds no
 * object, or has a rival beside it is `CUTOVER_CONFIG_INVALID`.
 */
export async function findConfigFile(folder: string): Promise<ConfigFile | undefined> {
  const [path, rival] = fileNames.map((name) => join(folder, name)).filter((candidate) => existsSync(candidate))
  if (path === undefined) return undefined
  if (rival !== undefined) {
    throw invalid(`There are two configuration files, ${path} and ${rival}.`, "Delete one of them.")
  }
  const values = await readValues(path)
  if (values === undefined) throw invalid(`The configuration file ${path} holds no object.`, shapeHint)
  return { path, values }
}

const shapeHint =
  'Write export default { batchTarget: "1s" } in a .ts or .js file, { "batchTarget": "1s" } in a .json file.'

/** Undefined where there is no object. Whatever the file does when it is read, getters too, it has done here. */
async function readValues(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    const values: unknown = path.endsWith(".json")
      ? JSON.parse(await readFile(path, "utf8"))
      : ((await import(pathToFileURL(path).href)) as { default?: unknown }).default
    return isPlainObject(values) ? { ...values } : undefined
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : inspect(cause)
    throw invalid(`The configuration file ${path} cannot be read: ${reason}`, shapeHint, cause)
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function invalid(message: string, hint: string, cause?: unknown): CutoverError {
  return new CutoverError("CUTOVER_CONFIG_INVALID", { message, state: nothingChanged, hint, cause })
}
