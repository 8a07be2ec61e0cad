import { describe, expect, it } from "vitest"
import type { PartitionState } from "../../src/domain/status.ts"
import { advancePartition } from "../../src/machine/advance.ts"
import type { PartitionEvent } from "../../src/machine/events.ts"
import { partitionMachine, taskOfState } from "../../src/machine/partitionMachine.ts"
import { renderEffect } from "./renderEffect.ts"

/** Effects as in the table of a run. An event that has no row for a state is an error there. */
const table = `
state        event                 next         effects
pending      begin                 copying      +copy
pending      begin (loaded)        indexing     +index
copying      batch.copied (more)   copying      +copy
copying      batch.copied (end)    indexing     +index
indexing     index.built (more)    indexing     +index
indexing     index.built (end)     catchingUp   +catchUp
catchingUp   caught.up             copied       partition.copied
copied       begin                 validating   +validate
copied       begin (loaded)        validating   +validate
copied       compared              validated    partition.validated
validating   validated             validated    partition.validated
validating   differed              copied       –
copying      reset                 pending      –
indexing     reset                 pending      –
catchingUp   reset                 pending      –
copied       reset                 pending      –
validating   reset                 pending      –
validated    reset                 pending      –
`

const samples: {
  readonly [Type in PartitionEvent["type"]]: Readonly<Record<string, Extract<PartitionEvent, { type: Type }>>>
} = {
  begin: { begin: { type: "begin", isLoaded: false }, "begin (loaded)": { type: "begin", isLoaded: true } },
  compared: { compared: { type: "compared" } },
  "batch.copied": {
    "batch.copied (more)": { type: "batch.copied", finished: false },
    "batch.copied (end)": { type: "batch.copied", finished: true },
  },
  "index.built": {
    "index.built (more)": { type: "index.built", finished: false },
    "index.built (end)": { type: "index.built", finished: true },
  },
  "caught.up": { "caught.up": { type: "caught.up" } },
  validated: { validated: { type: "validated" } },
  differed: { differed: { type: "differed" } },
  reset: { reset: { type: "reset" } },
}

const events: Readonly<Record<string, PartitionEvent>> = Object.assign({}, ...Object.values(samples))
const states = Object.keys(partitionMachine.states) as PartitionState[]

const rows = table
  .split("\n")
  .filter((line) => line !== "")
  .slice(1)
  .map((line) => {
    const [state, event, next, effects] = line.split(/ {2,}/)
    return { state, event: event!, next, effects }
  })

describe("the table of a partition", () => {
  it("has a row for every event that the machine knows, and for no state but its own", () => {
    expect(new Set(rows.map((row) => events[row.event]?.type))).toEqual(new Set(partitionMachine.events))
    expect(new Set(rows.map((row) => row.state))).toEqual(new Set(states))
  })

  it.each(states)("says what every event does to one that is %s", (state) => {
    const expected = Object.keys(events).map((name) => {
      const row = rows.find((one) => one.state === state && one.event === name)
      return [name, row === undefined ? "refused" : `${row.next} ${row.effects}`]
    })
    const outcomes = Object.entries(events).map(([name, event]) => [name, outcomeOf(state, event)])
    expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(expected))
  })
})

it("schedules, on entering a state, the task that going on in that state schedules again", () => {
  const entered = rows.map((row) => ({
    state: row.next!,
    tasks: row.effects!.split(" ").filter((word) => word.startsWith("+")),
  }))
  expect(entered.map(({ tasks }) => tasks)).toEqual(
    entered.map(({ state }) => (taskOfState[state] === undefined ? [] : [`+${taskOfState[state]}`])),
  )
})

it("names the state and the event that do not go together", () => {
  expect(() => advancePartition("pending", { type: "validated" })).toThrow(
    "a partition that is pending cannot take validated",
  )
})

function outcomeOf(state: PartitionState, event: PartitionEvent): string {
  try {
    const next = advancePartition(state, event)
    return `${next.state} ${next.effects.map(renderEffect).join(" ") || "–"}`
  } catch {
    return "refused"
  }
}
