import type { Score } from "./scoreboard.ts"

export type Sheet = {
  /** The command that made it. */
  readonly command: string
  readonly date: string
  readonly commit: string
  readonly machine: string
  readonly major: number
  readonly scores: readonly Score[]
}

/** docs/reliability.md: the scoreboard, and what each scenario counted and measured. */
export function renderPage({ command, date, commit, machine, major, scores }: Sheet): string {
  const failed = scores.reduce((all, score) => all + score.failed, 0)
  return `# What it survived

Written by \`${command}\`: real servers, real processes, writers with a table of what is true, and one judge of what came out
of it. Every failure prints its seed and the line that plays it again. What must happen, and why, stands in
[guarantees](guarantees.md).

${date}, commit ${commit}, PostgreSQL ${major}, ${machine}. ${failed === 0 ? "All passed." : `${failed} failed.`}

| | what | faults | rounds | passed | failed | seconds |
|---|---|---|---|---|---|---|
${scores.map(rowOf).join("\n")}

## What was counted and measured

Milliseconds as median / 95th of a hundred / longest.

| scenario | counts | figures |
|---|---|---|
${scores.map(figuresOf).join("\n")}

## Play it again

    npm run torture -- --quick             all scenarios, a few of each: minutes
    npm run torture -- --full              all there is of each: the better part of an hour, or more
    npm run torture -- kill --seeds 20     one of them
    npm run torture -- --write-docs        this page, too
`
}

function rowOf({ id, scenario, says, faults, rounds, passed, failed, seconds }: Score): string {
  return `| ${id} | **${scenario}**: ${says} | ${faults} | ${rounds} | ${passed} | ${failed} | ${seconds} |`
}

function figuresOf({ scenario, counts, ms }: Score): string {
  const counted = Object.entries(counts).map(([name, n]) => `${n} ${wordsOf(name)}`)
  const measured = Object.entries(ms).map(
    ([name, { median, p95, max }]) => `${wordsOf(name)} ${median} / ${p95} / ${max}`,
  )
  return `| ${scenario} | ${counted.join(", ")} | ${measured.join("; ")} |`
}

function wordsOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
