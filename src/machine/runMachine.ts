import { and, assign, not, or, setup, stateIn } from "xstate"
import type { ErrorDocument } from "../errors/CutoverError.ts"
import type { RecordKind } from "../log/records.ts"
import type { RunEffect, RunTask } from "./effects.ts"
import type { RunEvent } from "./events.ts"

/** Raised when a stored snapshot of an older machine could not be restored any more. */
export const machineVersion = 1

export type RunContext = {
  /** Counts resumptions; a job of an earlier epoch does nothing. */
  readonly epoch: number
  /** Why the run is paused, halted or waiting: one sentence. */
  readonly reason: string | null
  readonly error: ErrorDocument | null
}

/** A run that ended takes no more commands. */
const isOpen = not(
  or([stateIn({ step: "done" }), stateIn({ step: "aborted" }), stateIn({ step: { rolledBack: "finished" } })]),
)

const { createMachine } = setup({
  types: { context: {} as RunContext, events: {} as RunEvent },
  actions: {
    /** Never runs: `advance` reads the effects off the transition. */
    effect: (_, _effect: RunEffect) => {},
    explain: assign(({ event }) => {
      if (event.type === "halt" || event.type === "partition.differed")
        return { reason: event.error.message, error: event.error }
      return "reason" in event ? { reason: event.reason, error: null } : {}
    }),
    calm: assign({ reason: null, error: null }),
    keepLegacy: assign({ reason: "the legacy table is kept until it is dropped", error: null }),
    nextEpoch: assign({ epoch: ({ context }) => context.epoch + 1 }),
  },
  guards: {
    noneLeft: ({ event }) => "left" in event && event.left === 0,
    noneLeftOfSweep: ({ event }) => "sweeps" in event && event.sweeps && event.left === 0,
    sweeps: ({ event }) => "sweeps" in event && event.sweeps,
    finished: ({ event }) => "finished" in event && event.finished,
    optedIn: ({ event }) => "optedIn" in event && event.optedIn,
    isStopped: or([stateIn({ control: "paused" }), stateIn({ control: "halted" })]),
    inCleanup: and([isOpen, stateIn({ step: "cleanup" })]),
    inSurvey: stateIn({ step: { prep: "survey" } }),
    inAttach: stateIn({ step: "attach" }),
    beforeSwap: not(
      or([
        stateIn({ step: "analyze" }),
        stateIn({ step: "cleanup" }),
        stateIn({ step: "done" }),
        stateIn({ step: "aborted" }),
        stateIn({ step: "rolledBack" }),
      ]),
    ),
    afterSwap: or([stateIn({ step: "analyze" }), stateIn({ step: "cleanup" })]),
    inSettle: stateIn({ step: { rolledBack: "settle" } }),
    inDiscard: stateIn({ step: { rolledBack: "discard" } }),
    isRetried: ({ event }) => event.type === "held" && event.retryMs !== null,
    optedOut: and([stateIn({ step: { prep: "indexes" } }), ({ event }) => "optedIn" in event && !event.optedIn]),
    isOpen,
  },
})

const effect = (params: RunEffect) => ({ type: "effect" as const, params })
const effectOf = (make: (event: RunEvent) => RunEffect) => ({
  type: "effect" as const,
  params: ({ event }: { event: RunEvent }) => make(event),
})
const schedule = (task: RunTask) => effect({ type: "schedule", task, delayMs: 0 })
const record = (kind: RecordKind, data: Record<string, unknown> = {}) => effect({ type: "record", kind, data })
const fillLanes = effect({ type: "fillLanes" })
const rejoin = effect({ type: "rejoin" })

const tryLater = (task: RunTask) =>
  effectOf((event) => ({ type: "schedule", task, delayMs: "retryMs" in event ? (event.retryMs ?? 0) : 0 }))

const recordEvent = (kind: RecordKind) => effectOf(({ type: _, ...data }) => ({ type: "record", kind, data }))

/** A state whose work begins on entering it, and again when a stopped run is resumed in it. */
const working = (...work: readonly ReturnType<typeof effect>[]) => ({
  entry: [...work],
  resume: { guard: "isStopped" as const, actions: [...work] },
})

const indexes = working(schedule("indexes"))
const writes = working(schedule("writes"))
const survey = working(schedule("survey"))
const scaffold = working(schedule("scaffold"))
const lanes = working(rejoin, fillLanes)
const sweep = working(effect({ type: "sweep" }))
const unload = working(schedule("unload"))
const compare = working(schedule("compare"))
const attach = working(schedule("attach"))
const analyze = working(schedule("analyze"))
const cleanup = working(schedule("cleanup"))
const settle = working(schedule("settle"))
const discard = working(schedule("discard"))

const stop = {
  pause: { guard: "isOpen", target: "paused", actions: ["explain", recordEvent("run.paused")] },
  halt: { guard: "isOpen", target: "halted", actions: ["explain", recordEvent("run.halted")] },
  "partition.differed": { guard: "isOpen", target: "halted", actions: ["explain", recordEvent("run.halted")] },
} as const

const wait = {
  blocked: { guard: "isOpen", target: "waiting", actions: "explain" },
  held: { guard: "isOpen", target: "waiting", actions: "explain" },
  analyzed: { guard: "isOpen", target: "waiting", actions: "explain" },
} as const

const goOn = {
  resume: [
    { guard: "inCleanup", target: "waiting", actions: ["nextEpoch", "keepLegacy", record("run.resumed")] },
    { guard: "isOpen", target: "running", actions: ["nextEpoch", "calm", record("run.resumed")] },
  ],
} as const

/**
 * One run, from launch to done. `step` says where the work is, `control` whether it may go on. Work that was
 * under way when a run was paused still reports, so steps move on while paused; only nothing new is begun
 * (`advance` sees to that).
 */
export const runMachine = createMachine({
  id: "run",
  type: "parallel",
  context: { epoch: 1, reason: null, error: null },
  states: {
    step: {
      initial: "prep",
      states: {
        prep: {
          initial: "indexes",
          on: { aborted: "aborted" },
          states: {
            indexes: {
              entry: indexes.entry,
              on: {
                resume: indexes.resume,
                "indexes.ensured": [
                  { guard: "optedIn", target: "writes" },
                  { target: "#run.step.done", actions: record("prep.completed", { optedIn: false }) },
                ],
              },
            },
            writes: {
              entry: writes.entry,
              on: { resume: writes.resume, blocked: { actions: tryLater("writes") }, "writes.guarded": "survey" },
            },
            survey: {
              entry: survey.entry,
              on: {
                resume: survey.resume,
                blocked: { actions: tryLater("survey") },
                "survey.advanced": [{ guard: "finished", target: "scaffold" }, { actions: schedule("survey") }],
              },
            },
            scaffold: {
              entry: scaffold.entry,
              on: {
                resume: scaffold.resume,
                "scaffold.built": [
                  {
                    guard: "noneLeft",
                    target: "#run.step.attach",
                    actions: record("prep.completed", { optedIn: true }),
                  },
                  {
                    guard: "sweeps",
                    target: "#run.step.sweep",
                    actions: record("prep.completed", { optedIn: true }),
                  },
                  { target: "#run.step.copy", actions: record("prep.completed", { optedIn: true }) },
                ],
              },
            },
          },
        },
        // A shuffled heap is read once, into all months, before each gets its indexes; and once more to compare them all.
        sweep: { entry: sweep.entry, on: { resume: sweep.resume, swept: "unload", aborted: "aborted" } },
        unload: { entry: unload.entry, on: { resume: unload.resume, unloaded: "copy", aborted: "aborted" } },
        copy: {
          entry: lanes.entry,
          on: {
            resume: lanes.resume,
            "partition.copied": [
              { guard: "noneLeftOfSweep", target: "compare", actions: record("copy.completed") },
              { guard: "noneLeft", target: "validate", actions: record("copy.completed") },
              { actions: fillLanes },
            ],
            "partition.validated": { actions: fillLanes },
            "partition.reset": { actions: fillLanes },
            aborted: "aborted",
          },
        },
        validate: {
          entry: fillLanes,
          on: {
            resume: lanes.resume,
            "partition.validated": [
              { guard: "noneLeft", target: "attach", actions: record("validate.completed") },
              { actions: fillLanes },
            ],
            "partition.reset": "copy",
            aborted: "aborted",
          },
        },
        compare: {
          entry: compare.entry,
          on: {
            resume: compare.resume,
            "partition.validated": { guard: "noneLeft", target: "attach", actions: record("validate.completed") },
            "partition.reset": "copy",
            aborted: "aborted",
          },
        },
        attach: {
          entry: attach.entry,
          on: {
            resume: attach.resume,
            blocked: { actions: [recordEvent("attach.attempted"), tryLater("attach")] },
            held: { guard: "isRetried", actions: tryLater("attach") },
            replayed: { actions: schedule("attach") },
            "gate.opened": { actions: schedule("attach") },
            swapped: { target: "analyze", actions: record("attach.completed") },
            "partition.reset": "copy",
            aborted: "aborted",
          },
        },
        analyze: {
          entry: analyze.entry,
          on: {
            resume: analyze.resume,
            "reading.done": { actions: schedule("analyze") },
            analyzed: { target: "cleanup", actions: [record("analyze.completed"), recordEvent("fallback.opened")] },
            "rolled.back": { target: "rolledBack", actions: record("rollback.completed") },
          },
        },
        cleanup: {
          entry: cleanup.entry,
          on: {
            resume: cleanup.resume,
            blocked: { actions: tryLater("cleanup") },
            held: { guard: "isRetried", actions: tryLater("cleanup") },
            "rolled.back": { target: "rolledBack", actions: record("rollback.completed") },
            "legacy.dropped": { target: "done", actions: record("cleanup.completed") },
          },
        },
        done: { entry: [record("run.completed"), effect({ type: "finish" })] },
        aborted: { entry: [record("run.aborted"), effect({ type: "finish" })] },
        rolledBack: {
          initial: "settle",
          states: {
            settle: {
              entry: settle.entry,
              on: {
                resume: settle.resume,
                blocked: { actions: tryLater("settle") },
                "reading.done": { actions: schedule("settle") },
                settled: "discard",
              },
            },
            discard: {
              entry: discard.entry,
              on: { resume: discard.resume, blocked: { actions: tryLater("discard") }, "target.dropped": "finished" },
            },
            finished: { entry: effect({ type: "finish" }) },
          },
        },
      },
    },
    control: {
      initial: "running",
      on: {
        aborted: { guard: "beforeSwap", target: ".running", actions: "calm" },
        "legacy.dropped": { guard: "inCleanup", target: ".running", actions: "calm" },
        "rolled.back": { guard: "afterSwap", target: ".running", actions: "calm" },
        settled: { guard: "inSettle", target: ".running", actions: "calm" },
        "target.dropped": { guard: "inDiscard", target: ".running", actions: "calm" },
        "indexes.ensured": { guard: "optedOut", target: ".running", actions: "calm" },
      },
      states: {
        running: { on: { ...stop, ...wait } },
        waiting: {
          on: {
            ...stop,
            ...wait,
            "gate.opened": { target: "running", actions: "calm" },
            "writes.guarded": { target: "running", actions: "calm" },
            "survey.advanced": { guard: "inSurvey", target: "running", actions: "calm" },
            replayed: { guard: "inAttach", target: "running", actions: "calm" },
            "reading.done": { guard: "inSettle", target: "running", actions: "calm" },
            "partition.reset": { guard: "inAttach", target: "running", actions: "calm" },
            swapped: { target: "running", actions: "calm" },
          },
        },
        paused: { on: { ...goOn, halt: stop.halt, "partition.differed": stop["partition.differed"] } },
        halted: { on: goOn },
      },
    },
  },
})
