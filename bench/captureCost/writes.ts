import type pg from "pg"
import type { Kind } from "./forms.ts"

/** How many rows one statement writes. */
export const sizes = [1, 100, 1000] as const
export type Size = (typeof sizes)[number]

/** One prepared statement that commits by itself. */
export type Write = { readonly name: string; readonly text: string; readonly values: unknown[] }

/** Hands out writes, each to rows that the one before did not touch. */
export type Writes = {
  readonly next: (kind: Kind, size: Size) => Write
  /** Adds rows for so many deletes to take away; before the first of them. */
  readonly provideForDeletes: (rows: number) => Promise<void>
  /** Takes away what the writes have added, and all that is dead. */
  readonly tidy: () => Promise<void>
}

/** Writes to `public.returns_raw`, which has so many rows; inserts come from a table of a thousand of them, shuffled. */
export async function prepareWrites(client: pg.Client, rows: number): Promise<Writes> {
  await client.query(`create table public.feed as
    select ${columns} from public.returns_raw order by hashint8(id) limit 1000`)
  await client.query("vacuum analyze public.feed")
  const { rows: samples } = await client.query<Record<string, unknown>>(`select ${asText} from public.feed limit 1`)
  const sample = Object.values(samples[0] ?? {})
  let [nextRow, nextDelete, count] = [1, 0, 0]
  const take = (size: number): number => {
    if (nextRow + size > rows) nextRow = 1
    nextRow += size
    return nextRow - size
  }
  return {
    next: (kind, size) => {
      count++
      const name = `${kind} ${size}`
      if (kind === "insert") return { name, text: insertText(size), values: size === 1 ? sample : [size] }
      if (kind === "delete") {
        nextDelete += size
        return {
          name,
          text: `delete from public.returns_raw where ${rangeText(size)}`,
          values: range(nextDelete - size, size),
        }
      }
      const value = kind === "update" ? (statuses[count % statuses.length] ?? "") : count % 2 === 0 ? 31 : -31
      return { name, text: updateText(kind, size), values: [...range(take(size), size), value] }
    },
    provideForDeletes: async (wanted) => {
      const { rows: added } = await client.query<{ first: string }>(
        `with added as (
           insert into public.returns_raw (${columns})
           select f.* from public.feed f, generate_series(1, $1::int) limit $2
           returning id)
         select min(id) as first from added`,
        [Math.ceil(wanted / 1000), wanted],
      )
      nextDelete = Number(added[0]?.first)
    },
    tidy: async () => {
      await client.query("delete from public.returns_raw where id > $1", [rows])
      await client.query("vacuum public.returns_raw")
    },
  }
}

const names =
  "vendor asin return_date order_id sku quantity reason disposition status refund_amount currency comments".split(" ")
const columns = names.join(", ")
const asText = names.map((name) => `${name}::text`).join(", ")
const statuses = ["received", "refunded", "inspected"]

function insertText(size: Size): string {
  const into = `insert into public.returns_raw (${columns})`
  return size === 1
    ? `${into} values (${names.map((_, index) => `$${index + 1}`).join(", ")})`
    : `${into} select ${columns} from public.feed limit $1`
}

function updateText(kind: "update" | "move", size: Size): string {
  const value = size === 1 ? "$2" : "$3"
  const change = kind === "update" ? `status = ${value}` : `return_date = return_date + ${value}::int`
  return `update public.returns_raw set ${change} where ${rangeText(size)}`
}

function rangeText(size: Size): string {
  return size === 1 ? "id = $1" : "id between $1 and $2"
}

function range(first: number, size: number): number[] {
  return size === 1 ? [first] : [first, first + size - 1]
}
