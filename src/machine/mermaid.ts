import type { AnyStateNode, AnyTransitionDefinition } from "xstate"
import type { PartitionEffect, RunEffect } from "./effects.ts"
import { partitionMachine } from "./partitionMachine.ts"
import { runMachine } from "./runMachine.ts"

/** The state diagrams of a run (its two regions) and of a partition, as three fenced blocks of mermaid with headings. */
export function renderMermaid(): string {
  return [
    renderSection("A run: its step", runMachine.root.states["step"]),
    renderSection("A run: its control", runMachine.root.states["control"]),
    renderSection("A partition", partitionMachine.root),
  ].join("\n")
}

/** The whole of docs/machine.md. */
export function renderMachinePage(): string {
  return `${introduction}\n${renderMermaid()}`
}

const introduction = `# The machine

This page is generated from \`src/machine\` by \`npm run diagram\`; a test fails when it is stale.

A run is always in one **step** and under one **control**, and \`cutover status\` shows both. The step says where the work
is: prep (with four parts), copy, validate, attach, analyze, cleanup. Where the heap is shuffled, *sweep* and *unload* are shown
as copy and *compare* as validate: it is read once for all months. The control says whether work may go on: it is
*running*; or *waiting* for a lock, a gate or the end of the fallback window, and goes on by itself or when you open
the gate; or *paused* by a person or a full disk; or *halted* by an error that needs a person. Each partition has a small
machine of its own, so that several months are on their way at once.

An arrow is an event; \`[…]\` is its condition; behind the \`/\` stands what is done in the same transaction: jobs are
*scheduled*, records are *logged* in the maintenance log. *Fill the lanes* begins partitions until \`--parallel\` are busy;
*go on with busy partitions* schedules the work of those that were left in the middle.

What you may rely on:

- A paused or halted run schedules nothing, whatever comes. Work that was under way when you paused still ends and is
  counted, so the step may move on once while the run is paused.
- \`cutover resume\` schedules the work of the step again and begins a new **epoch**: a job of an earlier one, wherever it
  still waits, does nothing.
- State, log record, jobs and the work itself commit together. After a crash the run stands before such a transaction or
  after it, never between.
- A run that is done, aborted or rolled back takes no pause, resume or halt any more.
- \`cutover abort\` is possible until the swap, which ends the step attach; afterwards the run ends with
  \`cutover rollback\` or \`cutover cleanup\`.
`

function renderSection(title: string, root: AnyStateNode | undefined): string {
  if (root === undefined) throw new Error("the machine has lost a region")
  const diagram = ["stateDiagram-v2", ...indent([...renderStates(root), ...renderNotes(root)])].join("\n")
  const everywhere = transitionsOf(root).map(
    (one) => `In every state: \`${renderInside(root, one)}\`${renderLead(one)}.\n`,
  )
  return [`## ${title}\n`, `\`\`\`mermaid\n${diagram}\n\`\`\`\n`, ...everywhere].join("\n")
}

function renderStates(parent: AnyStateNode): string[] {
  return [
    ...parent.initial.target.map((first) => `[*] --> ${first.key}`),
    ...Object.values(parent.states).flatMap((node) =>
      isComposite(node)
        ? [`state ${node.key} {`, ...indent(renderStates(node)), "}"]
        : renderLines(node).map((line) => `${node.key} : ${line}`),
    ),
    ...renderArrows(parent),
  ]
}

/** A state's name, what is done on entering it, and what events do that leave it where it is. */
function renderLines(node: AnyStateNode): string[] {
  const entry = renderActions(node.entry, "")
  const inside = transitionsOf(node).filter((one) => targetOf(one) === undefined)
  const isSameOnResume = (one: Transition): boolean =>
    one.eventType === "resume" && renderActions(one.actions, "") === entry
  const when = inside.some(isSameOnResume) ? "on entry and on resume" : "on entry"
  return [
    node.key,
    ...(entry === "" ? [] : [`${when} / ${entry}`]),
    ...inside.filter((one) => !isSameOnResume(one)).map((one) => renderInside(node, one)),
  ]
}

function renderInside(node: AnyStateNode, one: Transition): string {
  return `${renderTrigger(node, one)} / ${renderActions(one.actions, one.eventType)}`
}

function renderLead(one: Transition): string {
  const target = targetOf(one)
  return target === undefined ? "" : `; it leads to *${target}*`
}

/**
 * The arrows that lead from inside of a state to one of its children; those to places beyond it are its parent's. One
 * arrow stands for all events that lead from one state to another and do the same.
 */
function renderArrows(parent: AnyStateNode): string[] {
  const common = new Set(findCommon(parent).flatMap((one) => one.transitions))
  const arrows = descendantsOf(parent).flatMap((node) =>
    transitionsOf(node)
      .filter((one) => one.target?.[0]?.parent === parent && !common.has(one))
      .toSorted((a, b) => orderOf(a) - orderOf(b))
      .map((one) => ({
        ends: `${node.key} --> ${targetOf(one)}`,
        trigger: renderTrigger(node, one),
        actions: renderActions(one.actions, one.eventType),
      })),
  )
  const groups = Map.groupBy(arrows, ({ ends, actions }) => `${ends}\n${actions}`)
  const ends = Object.values(parent.states).filter((node) => !isComposite(node) && transitionsOf(node).length === 0)
  return [
    ...[...groups.values()].map((group) => {
      const { ends: from, actions } = group[0] as (typeof arrows)[number]
      return `${from} : ${group.map((one) => one.trigger).join(", ")}${actions === "" ? "" : `<br/>/ ${actions}`}`
    }),
    ...ends.map((node) => `${node.key} --> [*]`),
  ]
}

/** An event that leads to one place from almost everywhere is a note there: its arrows would hide all others. */
function renderNotes(root: AnyStateNode): string[] {
  return findCommon(root).flatMap(({ event, to, from }) => [
    `note right of ${to}`,
    ...indent([`${event} leads here<br/>from ${from.join(", ")}`]),
    "end note",
  ])
}

type Transition = AnyTransitionDefinition
type Common = {
  readonly event: string
  readonly to: string
  readonly from: string[]
  readonly transitions: Transition[]
}

/** So many arrows of one event to one state are too many to draw. */
const tooMany = 4

function findCommon(root: AnyStateNode): Common[] {
  const found = descendantsOf(root).flatMap((node) =>
    transitionsOf(node)
      .filter((one) => targetOf(one) !== undefined && one.guard === undefined && one.actions.length === 0)
      .map((one) => ({ from: node.key, event: one.eventType, to: targetOf(one) as string, one })),
  )
  return [...Map.groupBy(found, ({ event, to }) => `${event} ${to}`).values()]
    .filter((group) => group.length >= tooMany)
    .map((group) => {
      const { event, to } = group[0] as (typeof found)[number]
      return { event, to, from: group.map((one) => one.from), transitions: group.map(({ one }) => one) }
    })
}

function renderTrigger(node: AnyStateNode, one: Transition): string {
  const brothers = transitionsOf(node).filter((other) => other.eventType === one.eventType)
  const isFirst = brothers[0] === one
  const words = [...(isFirst ? [] : ["else"]), ...(one.guard === undefined ? [] : [inWords(guardName(one.guard))])]
  return words.length === 0 ? one.eventType : `${one.eventType} [${words.join(", ")}]`
}

function guardName(guard: Transition["guard"]): string {
  return typeof guard === "string" ? guard : (guard as { readonly type: string }).type
}

/** Effects that depend on their event are asked with a sample of it. */
function renderActions(actions: Transition["actions"], eventType: string): string {
  return actions
    .map((action) => {
      if (typeof action === "string") return plainActions[action] ?? inWords(action)
      const { params } = action as {
        readonly params: RunEffect | PartitionEffect | ((facts: { event: object }) => RunEffect)
      }
      return renderEffect(typeof params === "function" ? params({ event: { type: eventType, retryMs: 1 } }) : params)
    })
    .join(", ")
}

const plainActions: Readonly<Record<string, string>> = {
  explain: "note the reason",
  calm: "forget the reason",
  keepLegacy: "note that the legacy table is kept",
  nextEpoch: "begin the next epoch",
}

function renderEffect(effect: RunEffect | PartitionEffect): string {
  switch (effect.type) {
    case "schedule":
      return "delayMs" in effect && effect.delayMs > 0 ? `schedule ${effect.task} for later` : `schedule ${effect.task}`
    case "sweep":
      return "go on with the stripes"
    case "rejoin":
      return "go on with busy partitions"
    case "fillLanes":
      return "fill the lanes"
    case "record":
      return `log ${effect.kind}`
    case "finish":
      return "finish the run"
  }
}

function transitionsOf(node: AnyStateNode): Transition[] {
  return [...node.transitions.values()].flat()
}

function targetOf(one: Transition): string | undefined {
  return one.target?.[0]?.key
}

/** Where the target stands in the machine. Mermaid puts first what is first reached. */
function orderOf(one: Transition): number {
  return one.target?.[0]?.order ?? 0
}

function descendantsOf(node: AnyStateNode): AnyStateNode[] {
  return Object.values(node.states).flatMap((child) => [child, ...descendantsOf(child)])
}

function isComposite(node: AnyStateNode): boolean {
  return Object.keys(node.states).length > 0
}

/** `noneLeft` → `none left` */
function inWords(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}

const isScript = process.argv[1]?.endsWith("/src/machine/mermaid.ts")
if (isScript) process.stdout.write(renderMachinePage())
