import type { Context } from "./context.ts"

/** A command line to copy and paste: words are quoted for the shell where they need it. */
export function commandLine(context: Pick<Context, "program">, ...words: readonly string[]): string {
  return [context.program, ...words.map(shellQuoted)].join(" ")
}

/** Lines of `what  how`, aligned. */
export function listed(rows: readonly (readonly [what: string, how: string])[]): string {
  const width = Math.max(...rows.map(([what]) => what.length))
  return rows.map(([what, how]) => `  ${what.padEnd(width)}  ${how}`).join("\n")
}

function shellQuoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
