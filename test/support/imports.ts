import { posix } from "node:path"

const clause = String.raw`(?:type\s+)?(?:[\w$]+\s*,\s*)?(?:[\w$]+|\*(?:\s*as\s+[\w$]+)?|\{[^}]*\})\s*from\s*`
const statement = new RegExp(String.raw`^[ \t]*(?:import|export)\s*(?:${clause})?["']([^"'\n]+)["']`, "gm")
const call = /\b(?:import|require)\s*\(\s*["'`]([^"'`$\n]+)["'`]/g

/** What a TypeScript text imports, types included: `import`, `export … from`, `import("…")`, `require("…")`. */
export function importsOf(text: string): string[] {
  return [statement, call].flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1]!))
}

export function isRelative(specifier: string): boolean {
  return specifier.startsWith(".")
}

/** The path that a relative specifier means, seen from the same root as `file`. */
export function resolveImport(file: string, specifier: string): string {
  return posix.join(posix.dirname(file), specifier)
}

/** `@scope/name` of `@scope/name/sub`; `name` of `name/sub`. */
export function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")
}
