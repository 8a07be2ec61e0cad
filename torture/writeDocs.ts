import { readFile, writeFile } from "node:fs/promises"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { type Score, renderScoreboard } from "./scoreboard.ts"

const page = fileURLToPath(new URL("../docs/reliability.md", import.meta.url))
const marks = { begin: "<!-- scoreboard -->\n", end: "<!-- end of the scoreboard -->\n" }

/** A scoreboard with where it comes from: when it was begun, of which commit, and what was typed after `--`. */
export type Board = {
  readonly at: string
  readonly commit?: string
  readonly command: string
  readonly major: number
  readonly scores: readonly Score[]
}

/** Puts scoreboards into docs/reliability.md as one, in place of the one that is there; of two of one command the later counts. */
export async function writeDocs(boards: readonly Board[]): Promise<void> {
  const text = await readFile(page, "utf8")
  const [from, to] = [text.indexOf(marks.begin), text.indexOf(marks.end)]
  if (from < 0 || to < from) throw new Error(`${page} has no place for the scoreboard`)
  const played = [...new Map(boards.map((board) => [board.command, board])).values()]
  const scores = played.flatMap((board) => board.scores)
  const block = `\n${played.map(renderFacts).join("\n")}\n\n\`\`\`\n${renderScoreboard(scores)}\`\`\`\n\n${renderTimes(scores)}\n`
  await writeFile(page, text.slice(0, from) + marks.begin + block + text.slice(to))
}

function renderFacts({ at, commit, command, major, scores }: Board): string {
  const sum = (of: (score: Score) => number): number => scores.reduce((all, score) => all + of(score), 0)
  return [
    `- \`npm run torture -- ${command}\`, ${at.slice(0, 10)}${commit === undefined ? "" : `, commit ${commit}`}, PostgreSQL ${major}, ${availableParallelism()} cores:`,
    `  ${sum((one) => one.faults)} faults, ${sum((one) => one.rounds)} rounds, ${sum((one) => one.failed)} failed,`,
    `  ${Math.ceil(sum((one) => one.seconds) / 60)} minutes`,
  ].join("\n")
}

/** What took how long, in milliseconds, over all rounds of a scenario. */
function renderTimes(scores: readonly Score[]): string {
  const lines = scores.flatMap(({ scenario, ms }) =>
    Object.entries(ms)
      .filter(([, { max }]) => max > 0)
      .map(
        ([figure, { median, p95, max }]) => `| \`${scenario}\` | ${wordsOf(figure)} | ${median} | ${p95} | ${max} |`,
      ),
  )
  return ["| scenario | milliseconds of | median | p95 | most |", "|---|---|--:|--:|--:|", ...lines, ""].join("\n")
}

/** `longestClientTransaction` as a person says it. */
function wordsOf(figure: string): string {
  return figure.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
