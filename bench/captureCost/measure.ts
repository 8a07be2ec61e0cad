import { readFile } from "node:fs/promises"
import type pg from "pg"
import { readBusyShare } from "../otherCpu.ts"
import { median } from "../statistics.ts"
import { runBetween } from "./between.ts"
import { type Form, type Kind, forms, kinds, noTrigger } from "./forms.ts"
import { type Size, type Writes, sizes } from "./writes.ts"

/** What statements of one kind and size took under one form; each list has one value a round. */
export type Cost = {
  readonly kind: Kind
  readonly size: Size
  readonly form: string
  /** How long the client waited for the answer, committed. */
  readonly wall: Measured
  /** What the server's process took of the CPU, kernel included; empty where it cannot be seen. */
  readonly cpu: Measured
}

/** `ratio` is to the statements without a trigger right before and right after; `baseMs` is the mean of those. */
export type Measured = {
  readonly ms: readonly number[]
  readonly baseMs: readonly number[]
  readonly ratio: readonly number[]
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

/** Enough that plans are generic, which PostgreSQL decides after five executions with parameters. */
const statements: Readonly<Record<Size, { readonly unmeasured: number; readonly measured: number }>> = {
  1: { unmeasured: 10, measured: 40 },
  100: { unmeasured: 2, measured: 6 },
  1000: { unmeasured: 1, measured: 2 },
}

/** Measures every form for every kind and size; the round before the first warms up. */
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
      if (kind === "delete") await writes.provideForDeletes((2 * costs.size + 1) * (unmeasured + measured) * size)
      const found = await runBetween([...costs.keys()], random, async (form) =>
        measureBlock({ client, writes, form: form ?? noTrigger, kind, size, readCpuMs }),
      )
      if (round === 0) continue
      for (const { contender, value, base } of found) {
        const cost = costs.get(contender)
        for (const what of ["wall", "cpu"] as const) note(cost?.[what], value[what], [base[0][what], base[1][what]])
      }
    }
    if (round > 0) say(`round ${round} of ${rounds}`)
  }
  return { costs: cells.flatMap(({ costs }) => [...costs.values()]), others }
}

type Collected = { ms: number[]; baseMs: number[]; ratio: number[] }
type CollectedCost = Omit<Cost, "wall" | "cpu"> & { readonly wall: Collected; readonly cpu: Collected }

const empty = (): Collected => ({ ms: [], baseMs: [], ratio: [] })

function emptyCosts(kind: Kind, size: Size): Map<Form, CollectedCost> {
  const applicable = forms.filter((form) => form.install(kind) !== undefined)
  return new Map(applicable.map((form) => [form, { kind, size, form: form.name, wall: empty(), cpu: empty() }]))
}

function note(
  into: Collected | undefined,
  ms: number | null,
  [before, after]: readonly [number | null, number | null],
): void {
  if (into === undefined || ms === null || before === null || after === null) return
  const baseMs = (before + after) / 2
  into.ms.push(ms)
  into.baseMs.push(baseMs)
  into.ratio.push(ms / baseMs)
}

type Block = {
  readonly client: pg.Client
  readonly writes: Writes
  readonly form: Form
  readonly kind: Kind
  readonly size: Size
  readonly readCpuMs: () => Promise<number | null>
}

/** Milliseconds of one statement: by the client's clock the median, of the server's CPU the mean. */
async function measureBlock(block: Block): Promise<{ readonly wall: number; readonly cpu: number | null }> {
  const { client, writes, form, kind, size, readCpuMs } = block
  const { unmeasured, measured } = statements[size]
  await installForm(client, form, kind)
  for (let n = 0; n < unmeasured; n++) await client.query(writes.next(kind, size))
  const walls: number[] = []
  const cpuBefore = await readCpuMs()
  for (let n = 0; n < measured; n++) {
    const write = writes.next(kind, size)
    const startedAt = performance.now()
    await client.query(write)
    walls.push(performance.now() - startedAt)
  }
  const cpuAfter = await readCpuMs()
  await assertLogged(client, form, (unmeasured + measured) * size * form.keysPerRow(kind))
  await removeForm(client)
  return {
    wall: median(walls),
    cpu: cpuBefore === null || cpuAfter === null ? null : (cpuAfter - cpuBefore) / measured,
  }
}

/** Makes the log, and the triggers of a form that append to it. */
export async function installForm(client: pg.Client, form: Form, kind: Kind): Promise<void> {
  await client.query(
    `create schema cutover; create table cutover.changes_x (id bigint, d date); ${form.install(kind) ?? ""}`,
  )
}

export async function removeForm(client: pg.Client): Promise<void> {
  await client.query("drop schema cutover cascade")
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
