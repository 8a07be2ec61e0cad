import { readFile, writeFile } from "node:fs/promises"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { type Score, renderScoreboard } from "./scoreboard.ts"

const page = fileURLToPath(new URL("../docs/reliability.md", import.meta.url))
const marks = { begin: "<!-- scoreboard -->\n", end: "<!-- end of the scoreboard -->\n" }

/** Puts a scoreboard into docs/reliability.md, in place of the one that is there. `command` is what was typed after `--`. */
export async function writeDocs(scores: readonly Score[], command: string, major: number): Promise<void> {
  const text = await readFile(page, "utf8")
  const [from, to] = [text.indexOf(marks.begin), text.indexOf(marks.end)]
  if (from < 0 || to < from) throw new Error(`${page} has no place for the scoreboard`)
  await writeFile(page, text.slice(0, from) + marks.begin + renderBlock(scores, command, major) + text.slice(to))
}

function renderBlock(scores: readonly Score[], command: string, major: number): string {
  const sum = (of: (score: Score) => number): number => scores.reduce((all, score) => all + of(score), 0)
  const facts = [
    `\`npm run torture -- ${command}\`, ${new Date().toISOString().slice(0, 10)}, PostgreSQL ${major}, ${availableParallelism()} cores:`,
    `${sum((one) => one.faults)} faults, ${sum((one) => one.rounds)} rounds, ${sum((one) => one.failed)} failed,`,
    `${Math.ceil(sum((one) => one.seconds) / 60)} minutes.`,
  ]
  return `\n${facts.join("\n")}\n\n\`\`\`\n${renderScoreboard(scores)}\`\`\`\n\n`
}
