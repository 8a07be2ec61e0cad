import { type SnapshotFrom, initialTransition, transition } from "xstate"
import type { Control, PartitionState, RunState } from "../domain/status.ts"
import { CutoverError } from "../errors/CutoverError.ts"
import type { PartitionEffect, RunEffect } from "./effects.ts"
import type { PartitionEvent, RunEvent } from "./events.ts"
import { partitionMachine } from "./partitionMachine.ts"
import { machineVersion, type RunContext, runMachine } from "./runMachine.ts"

/** A run's machine as it is stored: the version of the machine that wrote it, and its snapshot as JSON. */
export type StoredSnapshot = { readonly machineVersion: number; readonly snapshot: unknown }

/** Where a run stands after a transition, and what the transition asks for, in order. */
export type Advanced = {
  readonly stored: StoredSnapshot
  readonly state: RunState
  readonly control: Control
  readonly context: RunContext
  readonly effects: readonly RunEffect[]
}

type RunSnapshot = SnapshotFrom<typeof runMachine>

/** The first state of a run, and the work that it begins with. */
export function beginRun(): Advanced {
  const [snapshot, actions] = initialTransition(runMachine)
  return advanced(snapshot, actions)
}

/** The one way from a run's state to the next. Pure. An event that makes no sense here changes nothing. */
export function advanceRun(stored: StoredSnapshot, event: RunEvent): Advanced {
  const [snapshot, actions] = transition(runMachine, restoreRun(stored), event)
  return advanced(snapshot, actions)
}

/** Whether the event means something to a run in this state. */
export function canAdvance(stored: StoredSnapshot, event: RunEvent): boolean {
  return restoreRun(stored).can(event)
}

/** The one way from a partition's state to the next. Pure. An event that makes no sense there is an error. */
export function advancePartition(
  state: PartitionState,
  event: PartitionEvent,
): { readonly state: PartitionState; readonly effects: readonly PartitionEffect[] } {
  const before = partitionMachine.resolveState({ value: state, context: {} })
  if (!before.can(event)) throw new Error(`a partition that is ${state} cannot take ${event.type}`)
  const [after, actions] = transition(partitionMachine, before, event)
  return { state: after.value, effects: actions.map((action) => action.params as PartitionEffect) }
}

/** Restores a stored snapshot, and refuses one that this machine does not know. */
export function restoreRun(stored: StoredSnapshot): RunSnapshot {
  if (stored.machineVersion !== machineVersion) throw unknownSnapshot(stored, "another version of the machine wrote it")
  if (!isWhole(stored.snapshot)) throw unknownSnapshot(stored, "parts of it are missing")
  try {
    const restored = runMachine.restoreSnapshot(stored.snapshot as never, {} as never)
    if (isSameState(restored.value, (stored.snapshot as { value: unknown }).value)) return restored
  } catch (error) {
    throw unknownSnapshot(stored, "it holds a state that this machine does not have", error)
  }
  throw unknownSnapshot(stored, "parts of it are missing")
}

/** State values are names, or objects of them whose keys the database may have put in another order. */
function isSameState(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other
  const entries = Object.entries(one)
  return (
    entries.length === Object.keys(other).length &&
    entries.every(([key, value]) => isSameState(value, (other as Record<string, unknown>)[key]))
  )
}

/** xstate fills what is missing with the beginning; a run must never begin again by itself. */
function isWhole(snapshot: unknown): boolean {
  const { value, context } = (snapshot ?? {}) as { value?: Record<string, unknown>; context?: Partial<RunContext> }
  return value?.["step"] !== undefined && value["control"] !== undefined && typeof context?.epoch === "number"
}

function advanced(snapshot: RunSnapshot, actions: readonly { readonly params: unknown }[]): Advanced {
  const control = snapshot.value.control
  const isStopped = control === "paused" || control === "halted"
  const effects = actions.map((action) => action.params as RunEffect)
  return {
    stored: { machineVersion, snapshot: JSON.parse(JSON.stringify(snapshot)) as unknown },
    state: stepOf(snapshot),
    control,
    context: snapshot.context,
    effects: isStopped ? effects.filter((effect) => !beginsWork(effect)) : effects,
  }
}

/** A paused or halted run begins nothing; resuming schedules what is due. */
function beginsWork(effect: RunEffect): boolean {
  return ["schedule", "fillLanes", "rejoin", "sweep"].includes(effect.type)
}

/** The states that a sweep goes through are parts of the steps that people know. */
export const shownAs: Readonly<Record<string, RunState>> = { sweep: "copy", unload: "copy", compare: "validate" }

function stepOf(snapshot: RunSnapshot): RunState {
  const { step } = snapshot.value
  const name = typeof step === "string" ? step : Object.keys(step)[0]
  return shownAs[name ?? ""] ?? (name as RunState)
}

function unknownSnapshot(stored: StoredSnapshot, why: string, cause?: unknown): CutoverError {
  return new CutoverError("CUTOVER_SNAPSHOT_UNKNOWN", {
    message: `The stored state of the run cannot be read: ${why}.`,
    state: "Nothing was changed; the run stays as it is stored.",
    hint: "Use the version of pg-cutover that launched the run.",
    details: { stored: stored.machineVersion, known: machineVersion },
    cause,
  })
}
