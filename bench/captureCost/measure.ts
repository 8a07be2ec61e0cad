import { readFile } from "node:fs/promises"
import type pg from "pg"
import { readBusyShare } from "../otherCpu.ts"
import { median } from "../statistics.ts"
import { type Form, type Kind, forms, kinds } from "./forms.ts"
import { type Size, type Writes, sizes } from "./writes.ts"

/** What statements of one kind and size took under one form; each list has one value a round. */
export type Cost = {
  readonly kind: Kind
  readonly size: Size
  readonly form: string
  /** Milliseconds until the client had its answer, committed: the median of the round's statements. */
  readonly wallMs: readonly number[]
  /** Milliseconds of CPU, kernel included, that the server's process took for one statement; empty where it cannot be seen. */
  readonly cpuMs: readonly number[]
}

export type Costs = {
  readonly costs: readonly Cost[]
  /** The share of all cores that others used, before each round. */
  readonly others: readonly number[]
}

export type MeasureOptions = {
  readonly rounds: number
  readonly random: () => number
  readonly say: (line: string) => void
}

/** Enough that plans are generic (PostgreSQL decides after five executions), and that one process's noise is averaged. */
const statements: Readonly<Record<Size, { readonly unmeasured: number; readonly measured: number }>> = {
  1: { unmeasured: 10, measured: 80 },
  100: { unmeasured: 3, measured: 10 },
  1000: { unmeasured: 2, measured: 4 },
}

/** Measures every form for every kind and size, in each round in another random order; the round before the first warms up. */
export async function measureCosts(client: pg.Client, writes: Writes, options: MeasureOptions): Promise<Costs> {
  const { rounds, random, say } = options
  const cells = kinds.flatMap((kind) => sizes.map((size) => ({ kind, size, costs: emptyCosts(kind, size) })))
  const readCpuMs = await cpuReader(client)
  const others: number[] = []
  for (let round = 0; round <= rounds; round++) {
    await writes.tidy()
    if (round > 0) others.push(await readBusyShare())
    for (const { kind, size, costs } of cells) {
      const { unmeasured, measured } = statements[size]
      if (kind === "delete") await writes.provideForDeletes(costs.size * (unmeasured + measured) * size)
      for (const [form, cost] of shuffle([...costs], random)) {
        const { wallMs, cpuMs } = await measureCell({ client, writes, form, kind, size, readCpuMs })
        if (round === 0) continue
        cost.wallMs.push(wallMs)
        if (cpuMs !== null) cost.cpuMs.push(cpuMs)
      }
    }
    if (round > 0) say(`round ${round} of ${rounds}`)
  }
  return { costs: cells.flatMap(({ costs }) => [...costs.values()]), others }
}

type Collected = { kind: Kind; size: Size; form: string; wallMs: number[]; cpuMs: number[] }

function emptyCosts(kind: Kind, size: Size): Map<Form, Collected> {
  const applicable = forms.filter((form) => form.install(kind) !== undefined)
  return new Map(applicable.map((form) => [form, { kind, size, form: form.name, wallMs: [], cpuMs: [] }]))
}

type Cell = {
  readonly client: pg.Client
  readonly writes: Writes
  readonly form: Form
  readonly kind: Kind
  readonly size: Size
  readonly readCpuMs: () => Promise<number | null>
}

async function measureCell(cell: Cell): Promise<{ wallMs: number; cpuMs: number | null }> {
  const { client, writes, form, kind, size, readCpuMs } = cell
  const { unmeasured, measured } = statements[size]
  const write = async (): Promise<void> => void (await client.query(writes.next(kind, size)))
  await installForm(client, form, kind)
  for (let n = 0; n < unmeasured; n++) await write()
  const walls: number[] = []
  const cpuBefore = await readCpuMs()
  for (let n = 0; n < measured; n++) {
    const startedAt = performance.now()
    await write()
    walls.push(performance.now() - startedAt)
  }
  const cpuAfter = await readCpuMs()
  await assertLogged(client, form, (unmeasured + measured) * size * form.keysPerRow(kind))
  await removeForm(client)
  return {
    wallMs: median(walls),
    cpuMs: cpuBefore === null || cpuAfter === null ? null : (cpuAfter - cpuBefore) / measured,
  }
}

/** Makes the log, and the triggers of a form that append to it. */
export async function installForm(client: pg.Client, form: Form, kind: Kind): Promise<void> {
  await client.query(`create schema cutover; create table cutover.changes_x (id bigint, d date); ${form.install(kind) ?? ""}`)
}

export async function removeForm(client: pg.Client): Promise<void> {
  await client.query("drop schema if exists cutover cascade")
}

/** A form that logs less, or more, than it says is not measured but wrong. */
async function assertLogged(client: pg.Client, form: Form, expected: number): Promise<void> {
  const text = form.countSql ?? "select count(*)::int as keys from cutover.changes_x"
  const { rows } = await client.query<{ keys: number }>(text)
  if (rows[0]?.keys === expected) return
  throw new Error(`"${form.name}" logged ${rows[0]?.keys} keys instead of ${expected}`)
}

/** Reads the CPU time of the session's process, where the server runs on this machine and this is Linux. */
async function cpuReader(client: pg.Client): Promise<() => Promise<number | null>> {
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid")
  return async () => {
    const text = await readFile(`/proc/${rows[0]?.pid}/schedstat`, "utf8").catch(() => null)
    return text === null ? null : Number(text.split(" ")[0]) / 1e6
  }
}

/** Fisher and Yates; in place. */
function shuffle<T>(items: T[], random: () => number): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const [a, b] = [items[last], items[other]]
    if (a !== undefined && b !== undefined) [items[last], items[other]] = [b, a]
  }
  return items
}
