import { homedir } from "node:os"
import { isAbsolute, join } from "node:path"

/** Where the demo's PostgreSQL lives, for each user one: `~/.cache/pg-cutover/demo`, or below `XDG_CACHE_HOME`. */
export function demoDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const given = env["XDG_CACHE_HOME"]
  const cache = given !== undefined && isAbsolute(given) ? given : join(homedir(), ".cache")
  return join(cache, "pg-cutover", "demo")
}
