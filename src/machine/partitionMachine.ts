import { setup } from "xstate"
import type { PartitionEffect, PartitionTask } from "./effects.ts"
import type { PartitionEvent } from "./events.ts"

const { createMachine } = setup({
  types: { events: {} as PartitionEvent },
  actions: {
    /** Never runs: `advance` reads the effects off the transition. */
    effect: (_, _effect: PartitionEffect) => {},
  },
  guards: {
    finished: ({ event }) => "finished" in event && event.finished,
    loaded: ({ event }) => event.type === "begin" && event.isLoaded,
  },
})

const effect = (params: PartitionEffect) => ({ type: "effect" as const, params })
const schedule = (task: PartitionTask) => effect({ type: "schedule", task })
const reset = { reset: "pending" } as const

/** One partition, from pending to validated. Its state is a column of its row; its work is one job at a time. */
export const partitionMachine = createMachine({
  id: "partition",
  initial: "pending",
  states: {
    pending: { on: { begin: [{ guard: "loaded", target: "indexing" }, { target: "copying" }] } },
    copying: {
      entry: schedule("copy"),
      on: { ...reset, "batch.copied": [{ guard: "finished", target: "indexing" }, { actions: schedule("copy") }] },
    },
    indexing: {
      entry: schedule("index"),
      on: { ...reset, "index.built": [{ guard: "finished", target: "catchingUp" }, { actions: schedule("index") }] },
    },
    catchingUp: {
      entry: schedule("catchUp"),
      on: {
        ...reset,
        "caught.up": { target: "copied", actions: effect({ type: "record", kind: "partition.copied" }) },
      },
    },
    copied: {
      on: {
        ...reset,
        begin: "validating",
        compared: { target: "validated", actions: effect({ type: "record", kind: "partition.validated" }) },
      },
    },
    validating: {
      entry: schedule("validate"),
      on: {
        ...reset,
        validated: { target: "validated", actions: effect({ type: "record", kind: "partition.validated" }) },
        differed: "copied",
      },
    },
    validated: { on: reset },
  },
})

/** The task of a partition that is busy; undefined for one that waits for its turn or is through. */
export const taskOfState: Readonly<Record<string, PartitionTask | undefined>> = {
  copying: "copy",
  indexing: "index",
  catchingUp: "catchUp",
  validating: "validate",
}
