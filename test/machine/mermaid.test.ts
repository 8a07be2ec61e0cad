import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { partitionMachine } from "../../src/machine/partitionMachine.ts"
import { renderMachinePage, renderMermaid } from "../../src/machine/mermaid.ts"
import { runMachine } from "../../src/machine/runMachine.ts"

const root = join(import.meta.dirname, "../..")

describe("docs/machine.md", () => {
  it("is what `npm run diagram` writes now", () => {
    expect(readFileSync(join(root, "docs/machine.md"), "utf8")).toBe(renderMachinePage())
  })

  it("is printed whole by the script", () => {
    const script = join(root, "src/machine/mermaid.ts")
    expect(execFileSync(process.execPath, [script], { encoding: "utf8" })).toBe(renderMachinePage())
  })
})

describe("the diagrams", () => {
  const [step, control, partition] = renderMermaid().split("```mermaid\n").slice(1)

  it("have every event of a run, and every event of a partition", () => {
    expect(wordsOf(`${step}${control}`)).toEqual(expect.arrayContaining(runMachine.events))
    expect(wordsOf(partition!)).toEqual(expect.arrayContaining(partitionMachine.events))
  })

  it.each([
    ["a state with its work", "  attach : on entry and on resume / schedule attach\n"],
    ["a part of a step inside of the step", "    survey --> scaffold : survey.advanced [finished]\n"],
    ["a condition and its opposite", "  scaffold --> attach : scaffold.built [none left]<br/>/ log prep.completed\n"],
    [
      "an event that leaves the state as it is",
      "  attach : blocked / log attach.attempted, schedule attach for later\n",
    ],
    [
      "an event that leads to one state from almost everywhere, as a note",
      "aborted leads here<br/>from prep, sweep, unload, copy, validate, compare, attach",
    ],
    ["the end", "  aborted --> [*]\n"],
  ])("show %s", (_, line) => {
    expect(step).toContain(line)
  })

  it("show as one arrow what does the same between the same states", () => {
    expect(control).toContain(
      "  running --> halted : halt [is open], partition.differed [is open]<br/>/ note the reason, log run.halted\n",
    )
  })

  it("show which of two conditions is asked first", () => {
    const done = "begin the next epoch, note that the legacy table is kept, log run.resumed"
    expect(control).toContain(`  paused --> waiting : resume [in cleanup]<br/>/ ${done}\n`)
    expect(control).toContain(
      "  paused --> running : resume [else, is open]<br/>/ begin the next epoch, forget the reason, log run.resumed\n",
    )
  })

  it("say beneath what an event does in every state, and where it leads", () => {
    expect(control).toContain("\nIn every state: `aborted [before swap] / forget the reason`; it leads to *running*.\n")
  })

  it("hold nothing that would end a label of mermaid early", () => {
    const labels = [step, control, partition]
      .join("\n")
      .split("\n")
      .flatMap((line) => line.split(" : ").slice(1))
    expect(labels.filter((label) => /[:;{}]/.test(label))).toEqual([])
  })
})

function wordsOf(diagram: string): string[] {
  return diagram.match(/[\w.]+/g) ?? []
}
