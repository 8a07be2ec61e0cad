import { describe, expect, it } from "vitest"
import type { Control } from "../../src/domain/status.ts"
import type { ErrorDocument } from "../../src/errors/CutoverError.ts"
import { advanceRun, canAdvance, restoreRun, shownAs } from "../../src/machine/advance.ts"
import type { RunEvent } from "../../src/machine/events.ts"
import { runMachine } from "../../src/machine/runMachine.ts"
import { type ReachableRun, findReachable, finishedSteps, isFinished, reachableRuns, whereIs } from "./reachableRuns.ts"
import { renderEffect } from "./renderEffect.ts"
import { failure, runEvents } from "./runEvents.ts"

/**
 * Every state × every event. `going` is running or waiting, `stopped` is paused or halted, `unhalted` is all but halted;
 * `ended` is done, aborted or rolled back; `other` are the steps that have no row of their own for the control and the event. `·`
 * stays as it is.
 * why: the reason and the error are `told` by the event, or `cleared`, or say that the legacy table is `kept`.
 * effects, in order, and `run.resumed` begins the next epoch: `+task` schedules it, `+lanes` fills the lanes, `+rejoin` goes on with busy partitions, a word with
 * a dot is a log record, `finish` ends the run.
 */
const table = `
step           control   event                        next step      next     why      effects
prep.indexes   going     indexes.ensured (opt-in)     prep.writes    ·        ·        +writes
prep.indexes   stopped   indexes.ensured (opt-in)     prep.writes    ·        ·        –
prep.indexes   any       indexes.ensured (opt-out)    done           running  cleared  prep.completed run.completed finish
prep.indexes   stopped   resume                       ·              running  cleared  +indexes run.resumed
prep.indexes   any       aborted                      aborted        running  cleared  run.aborted finish

prep.writes    going     blocked                      ·              waiting  told     +writes@1500ms
prep.writes    going     writes.guarded               prep.survey    running  cleared  +survey
prep.writes    stopped   writes.guarded               prep.survey    ·        ·        –
prep.writes    stopped   resume                       ·              running  cleared  +writes run.resumed
prep.writes    any       aborted                      aborted        running  cleared  run.aborted finish

prep.survey    going     blocked                      ·              waiting  told     +survey@1500ms
prep.survey    going     survey.advanced (more)       ·              running  cleared  +survey
prep.survey    stopped   survey.advanced (more)       ·              ·        ·        –
prep.survey    going     survey.advanced (end)        prep.scaffold  running  cleared  +scaffold
prep.survey    stopped   survey.advanced (end)        prep.scaffold  ·        ·        –
prep.survey    stopped   resume                       ·              running  cleared  +survey run.resumed
prep.survey    any       aborted                      aborted        running  cleared  run.aborted finish

prep.scaffold  going     scaffold.built (some)        copy           ·        ·        prep.completed +rejoin +lanes
prep.scaffold  stopped   scaffold.built (some)        copy           ·        ·        prep.completed
prep.scaffold  going     scaffold.built (shuffled)    sweep          ·        ·        prep.completed +sweeps
prep.scaffold  stopped   scaffold.built (shuffled)    sweep          ·        ·        prep.completed
prep.scaffold  going     scaffold.built (none)        attach         ·        ·        prep.completed +attach
prep.scaffold  stopped   scaffold.built (none)        attach         ·        ·        prep.completed
prep.scaffold  stopped   resume                       ·              running  cleared  +scaffold run.resumed
prep.scaffold  any       aborted                      aborted        running  cleared  run.aborted finish

sweep          going     swept                        unload         ·        ·        +unload
sweep          stopped   swept                        unload         ·        ·        –
sweep          stopped   resume                       ·              running  cleared  +sweeps run.resumed
sweep          any       aborted                      aborted        running  cleared  run.aborted finish

unload         going     unloaded                     copy           ·        ·        +rejoin +lanes
unload         stopped   unloaded                     copy           ·        ·        –
unload         stopped   resume                       ·              running  cleared  +unload run.resumed
unload         any       aborted                      aborted        running  cleared  run.aborted finish

compare        going     partition.validated (none)   attach         ·        ·        validate.completed +attach
compare        stopped   partition.validated (none)   attach         ·        ·        validate.completed
compare        going     partition.reset              copy           ·        ·        +rejoin +lanes
compare        stopped   partition.reset              copy           ·        ·        –
compare        stopped   resume                       ·              running  cleared  +compare run.resumed
compare        any       aborted                      aborted        running  cleared  run.aborted finish

copy           going     partition.copied (none, swept)  compare     ·        ·        copy.completed +compare
copy           stopped   partition.copied (none, swept)  compare     ·        ·        copy.completed
copy           going     partition.copied (some)      ·              ·        ·        +lanes
copy           stopped   partition.copied (some)      ·              ·        ·        –
copy           going     partition.copied (none)      validate       ·        ·        copy.completed +lanes
copy           stopped   partition.copied (none)      validate       ·        ·        copy.completed
copy           going     partition.validated (some)   ·              ·        ·        +lanes
copy           going     partition.validated (none)   ·              ·        ·        +lanes
copy           going     partition.reset              ·              ·        ·        +lanes
copy           stopped   resume                       ·              running  cleared  +rejoin +lanes run.resumed
copy           any       aborted                      aborted        running  cleared  run.aborted finish

validate       going     partition.validated (some)   ·              ·        ·        +lanes
validate       stopped   partition.validated (some)   ·              ·        ·        –
validate       going     partition.validated (none)   attach         ·        ·        validate.completed +attach
validate       stopped   partition.validated (none)   attach         ·        ·        validate.completed
validate       going     partition.reset              copy           ·        ·        +rejoin +lanes
validate       stopped   partition.reset              copy           ·        ·        –
validate       stopped   resume                       ·              running  cleared  +rejoin +lanes run.resumed
validate       any       aborted                      aborted        running  cleared  run.aborted finish

attach         going     blocked                      ·              waiting  told     attach.attempted +attach@1500ms
attach         stopped   blocked                      ·              ·        ·        attach.attempted
attach         going     replayed                     ·              running  cleared  +attach
attach         going     held (look again)            ·              waiting  told     +attach@2000ms
attach         going     gate.opened                  ·              running  cleared  +attach
attach         stopped   gate.opened                  ·              ·        ·        –
attach         going     swapped                      analyze        running  cleared  attach.completed +analyze
attach         stopped   swapped                      analyze        ·        ·        attach.completed
attach         going     partition.reset              copy           running  cleared  +rejoin +lanes
attach         stopped   partition.reset              copy           ·        ·        –
attach         stopped   resume                       ·              running  cleared  +attach run.resumed
attach         any       aborted                      aborted        running  cleared  run.aborted finish

analyze        going     analyzed                     cleanup        waiting  told     analyze.completed fallback.opened +cleanup
analyze        stopped   analyzed                     cleanup        ·        ·        analyze.completed fallback.opened
analyze        going     reading.done                 ·              ·        ·        +analyze
analyze        any       rolled.back                  rolledBack.settle  running  cleared  rollback.completed +settle
analyze        stopped   resume                       ·              running  cleared  +analyze run.resumed

cleanup        going     blocked                      ·              waiting  told     +cleanup@1500ms
cleanup        going     held (look again)            ·              waiting  told     +cleanup@2000ms
cleanup        any       legacy.dropped               done           running  cleared  cleanup.completed run.completed finish
cleanup        any       rolled.back                  rolledBack.settle  running  cleared  rollback.completed +settle
cleanup        stopped   resume                       ·              waiting  kept     +cleanup run.resumed

rolledBack.settle  going    blocked                   ·              waiting  told     +settle@1500ms
rolledBack.settle  going    reading.done              ·              running  cleared  +settle
rolledBack.settle  any      settled                   rolledBack.discard  running  cleared  +discard
rolledBack.settle  stopped  resume                    ·              running  cleared  +settle run.resumed

rolledBack.discard  going    blocked                  ·              waiting  told     +discard@1500ms
rolledBack.discard  any      target.dropped           rolledBack.finished  running  cleared  finish
rolledBack.discard  stopped  resume                   ·              running  cleared  +discard run.resumed

ended          any       partition.differed           ·              ·        ·        –
ended          any       halt                         ·              ·        ·        –
ended          any       pause                        ·              ·        ·        –
ended          any       resume                       ·              ·        ·        –
ended          any       blocked                      ·              ·        ·        –
ended          any       held (look again)            ·              ·        ·        –
ended          any       held (still)                 ·              ·        ·        –
ended          any       analyzed                     ·              ·        ·        –

other          any       indexes.ensured (opt-in)     ·              ·        ·        –
other          any       indexes.ensured (opt-out)    ·              ·        ·        –
other          any       survey.advanced (more)       ·              ·        ·        –
other          any       survey.advanced (end)        ·              ·        ·        –
other          any       scaffold.built (some)        ·              ·        ·        –
other          any       scaffold.built (none)        ·              ·        ·        –
other          any       scaffold.built (shuffled)    ·              ·        ·        –
other          any       swept                        ·              ·        ·        –
other          any       unloaded                     ·              ·        ·        –
other          any       partition.copied (none, swept)  ·           ·        ·        –
other          any       partition.copied (some)      ·              ·        ·        –
other          any       partition.copied (none)      ·              ·        ·        –
other          any       partition.validated (some)   ·              ·        ·        –
other          any       partition.validated (none)   ·              ·        ·        –
other          any       partition.reset              ·              ·        ·        –
other          any       replayed                     ·              ·        ·        –
other          any       aborted                      ·              ·        ·        –
other          unhalted  partition.differed           ·              halted   told     run.halted
other          halted    partition.differed           ·              ·        ·        –
other          unhalted  halt                         ·              halted   told     run.halted
other          halted    halt                         ·              ·        ·        –
other          going     pause                        ·              paused   told     run.paused
other          stopped   pause                        ·              ·        ·        –
other          going     resume                       ·              ·        ·        –
other          going     blocked                      ·              waiting  told     –
other          stopped   blocked                      ·              ·        ·        –
other          going     held (look again)            ·              waiting  told     –
other          stopped   held (look again)            ·              ·        ·        –
other          going     held (still)                 ·              waiting  told     –
other          stopped   held (still)                 ·              ·        ·        –
other          going     analyzed                     ·              waiting  told     –
other          stopped   analyzed                     ·              ·        ·        –
other          going     writes.guarded               ·              running  cleared  –
other          stopped   writes.guarded               ·              ·        ·        –
other          going     gate.opened                  ·              running  cleared  –
other          stopped   gate.opened                  ·              ·        ·        –
other          going     swapped                      ·              running  cleared  –
other          stopped   swapped                      ·              ·        ·        –
other          any       legacy.dropped               ·              ·        ·        –
other          any       rolled.back                  ·              ·        ·        –
other          any       reading.done                 ·              ·        ·        –
other          any       settled                      ·              ·        ·        –
other          any       target.dropped               ·              ·        ·        –
`

const steps =
  "prep.indexes prep.writes prep.survey prep.scaffold sweep unload copy compare validate attach analyze cleanup done aborted rolledBack.settle rolledBack.discard rolledBack.finished".split(
    " ",
  )

const controls: Readonly<Record<string, readonly Control[]>> = {
  any: ["running", "waiting", "paused", "halted"],
  going: ["running", "waiting"],
  stopped: ["paused", "halted"],
  unhalted: ["running", "waiting", "paused"],
  halted: ["halted"],
}

type Row = {
  readonly step: string
  readonly controls: readonly Control[]
  readonly event: string
  readonly nextStep: string
  readonly nextControl: string
  readonly why: string
  readonly effects: string
}

const rows: readonly Row[] = table
  .split("\n")
  .filter((line) => line !== "")
  .slice(1)
  .map((line) => {
    const [step, control, event, nextStep, nextControl, why, effects] = line.split(/ {2,}/)
    if (effects === undefined) throw new Error(`a row needs seven columns: ${line}`)
    return {
      step: step!,
      controls: controls[control!]!,
      event: event!,
      nextStep: nextStep!,
      nextControl: nextControl!,
      why: why!,
      effects,
    }
  })

function rowsOf(run: ReachableRun, event: string): Row[] {
  const candidates = rows.filter((row) => row.event === event && row.controls.includes(run.control))
  const own = candidates.filter((row) => row.step === run.step)
  if (own.length > 0) return own
  const ended = candidates.filter((row) => row.step === "ended" && isFinished(run))
  return ended.length > 0 ? ended : candidates.filter((row) => row.step === "other")
}

describe("the table of a run", () => {
  it("has a column for every event that the machine knows, and for no other", () => {
    expect([...new Set([...runEvents.values()].map((event) => event.type))].toSorted()).toEqual(
      runMachine.events.toSorted(),
    )
    expect([...new Set(rows.map((row) => row.event))].toSorted()).toEqual([...runEvents.keys()].toSorted())
  })

  it("has a row for every state that can be reached: every step under every control, but an ended run is always running", () => {
    const names = reachableRuns.map((run) => `${run.step} ${run.control}`)
    const possible = steps.flatMap((step) =>
      (isFinished({ step }) ? ["running"] : controls["any"]!).map((control) => `${step} ${control}`),
    )
    expect(names.toSorted()).toEqual(possible.toSorted())
  })

  it("defines every state × event once", () => {
    const cells = reachableRuns.flatMap((run) => [...runEvents.keys()].map((event) => ({ run, event })))
    const wrong = cells.filter(({ run, event }) => rowsOf(run, event).length !== 1)
    expect(wrong.map(({ run, event }) => `${run.step} ${run.control} × ${event}`)).toEqual([])
  })

  it("needs all of its rows", () => {
    const used = new Set(reachableRuns.flatMap((run) => [...runEvents.keys()].flatMap((event) => rowsOf(run, event))))
    expect(rows.filter((row) => !used.has(row))).toEqual([])
  })

  it.each(reachableRuns)("says what every event does in $step, $control", (run) => {
    const names = [...runEvents.keys()]
    const outcomes = names.map((name) => [name, outcomeOf(run, runEvents.get(name)!)])
    expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(names.map((name) => [name, expectedOf(run, name)])))
  })
})

it("tells commands where they make sense: a partition is copied anew in copy, compare, validate and attach only", () => {
  const able = reachableRuns.filter((run) => canAdvance(run.stored, { type: "partition.reset" }))
  expect([...new Set(able.map((run) => run.step))].toSorted()).toEqual(["attach", "compare", "copy", "validate"])
})

it.each(["pause", "halt", "partition.differed", "resume", "blocked", "held (still)", "analyzed"])(
  "tells that an ended run takes no %s",
  (name) => {
    const able = reachableRuns.filter((run) => canAdvance(run.stored, runEvents.get(name)!)).map((run) => run.step)
    expect(able.filter((step) => finishedSteps.includes(step))).toEqual([])
    expect(able).toContain("cleanup")
  },
)

it("keeps in the records what the events said", () => {
  const { stored } = findReachable("analyze", "running")
  expect(advanceRun(stored, { type: "pause", reason: "lunch" }).effects).toEqual([
    { type: "record", kind: "run.paused", data: { reason: "lunch" } },
  ])
  expect(advanceRun(stored, { type: "halt", error: failure }).effects).toEqual([
    { type: "record", kind: "run.halted", data: { error: failure } },
  ])
  expect(advanceRun(stored, { type: "analyzed", reason: "until Friday" }).effects).toContainEqual({
    type: "record",
    kind: "fallback.opened",
    data: { reason: "until Friday" },
  })
})

type Outcome = {
  readonly step: string
  readonly control: string
  readonly epoch: number
  readonly reason: string | null
  readonly error: ErrorDocument | null
  readonly effects: string
}

type Why = Pick<Outcome, "reason" | "error">

function outcomeOf(run: ReachableRun, event: RunEvent): Outcome {
  const next = advanceRun(run.stored, event)
  const { step, control } = whereIs(next.stored)
  expect([next.state, next.control]).toEqual([shownAs[step] ?? step.split(".")[0], control])
  return { step, control, ...next.context, effects: next.effects.map(renderEffect).join(" ") || "–" }
}

function expectedOf(run: ReachableRun, name: string): Outcome {
  const [row] = rowsOf(run, name)
  const event = runEvents.get(name)!
  const { context } = restoreRun(run.stored)
  return {
    step: row!.nextStep === "·" ? run.step : row!.nextStep,
    control: row!.nextControl === "·" ? run.control : row!.nextControl,
    epoch: context.epoch + (row!.effects.includes("run.resumed") ? 1 : 0),
    ...whyAfter(row!.why, event, context),
    effects: row!.effects,
  }
}

function whyAfter(why: string, event: RunEvent, { reason, error }: Why): Why {
  switch (why) {
    case "told":
      return toldBy(event)
    case "cleared":
      return { reason: null, error: null }
    case "kept":
      return { reason: "the legacy table is kept until it is dropped", error: null }
    default:
      return { reason, error }
  }
}

function toldBy(event: RunEvent): Why {
  if ("error" in event) return { reason: event.error.message, error: event.error }
  return { reason: "reason" in event ? event.reason : null, error: null }
}
