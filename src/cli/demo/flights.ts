import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { setFlagsFromString } from "node:v8"
import { zstdDecompressSync } from "node:zlib"
import type pg from "pg"
import type { DecodedArray, ParquetScan } from "hyparquet"
import { hasCode } from "../../embedded/hasCode.ts"
import { CutoverError, nothingChanged } from "../../errors/CutoverError.ts"
import { type Connection, inTransaction } from "./inTransaction.ts"

/**
 * Creates `public.flights`, three million real flights within the USA: January to June 2001, and six of July.
 * The table appears when it is complete. Throws CUTOVER_USAGE outside of a checkout, which alone has the data.
 */
export async function createFlights(
  connection: Connection,
  options: { readonly onProgress?: (done: number, total: number) => void } = {},
): Promise<void> {
  const { onProgress = () => {} } = options
  const scan = await openFile()
  const total = Number(scan.metadata.num_rows)
  await inTransaction(connection, async (client) => {
    await client.query(tableSql)
    onProgress(0, total)
    await withSmallHeap(async () => {
      // A range is a row group of the file: 272,727 rows.
      for (const range of scan.ranges) {
        await insertRange(client, scan, range, (done) => onProgress(done, total))
      }
    })
    await client.query(indexSql)
  })
  await connection.query("vacuum (analyze) public.flights")
}

async function openFile(): Promise<ParquetScan> {
  try {
    const { asyncBufferFromFile, parquetScan } = await import("hyparquet")
    // The package exports its code only; its data lie in the folder beside that.
    const code = createRequire(import.meta.url).resolve("vega-datasets")
    return await parquetScan({
      file: await asyncBufferFromFile(join(dirname(code), "..", "data", "flights-3m.parquet")),
      compressors: { ZSTD: (input) => zstdDecompressSync(input) },
      // As they are in the file: a Date would have milliseconds only.
      parsers: { timestampFromMicroseconds: (micros: bigint) => micros },
    })
  } catch (error) {
    if (!hasCode(error, "ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND", "ENOENT")) throw error
    throw new CutoverError("CUTOVER_USAGE", {
      message: "The flights are not installed: the development dependencies vega-datasets and hyparquet bring them.",
      state: nothingChanged,
      hint: "Use this demo in a checkout of pg-cutover, after `npm ci`; the demo without --flights works everywhere.",
      cause: error,
    })
  }
}

/** Left to itself, V8 lets decoded row groups pile up to 450 MB before it cleans up; like this it is 160 MB. */
async function withSmallHeap(work: () => Promise<void>): Promise<void> {
  setFlagsFromString("--optimize-for-size")
  try {
    await work()
  } finally {
    setFlagsFromString("--no-optimize-for-size")
  }
}

/** One statement's worth: a few hundred kilobytes. */
const rowsPerInsert = 10_000

async function insertRange(
  client: pg.ClientBase,
  scan: ParquetScan,
  { rowStart, rowEnd }: { rowStart: number; rowEnd: number },
  onRows: (done: number) => void,
): Promise<void> {
  const columns: string[][] = []
  for (const column of ["date", "delay", "distance", "origin", "destination"]) {
    columns.push(arrayLiterals(await scan.readColumn({ column, rowStart, rowEnd })))
  }
  for (let index = 0, done = rowStart; done < rowEnd; index += 1) {
    await client.query(
      insertSql,
      columns.map((literals) => literals[index]),
    )
    done = Math.min(done + rowsPerInsert, rowEnd)
    onRows(done)
  }
}

/** Arrays of `rowsPerInsert` values: numbers and airport codes, which need no quotes, and no nulls. */
function arrayLiterals(values: DecodedArray): string[] {
  const literals: string[] = []
  for (let from = 0; from < values.length; from += rowsPerInsert) {
    literals.push(`{${values.slice(from, from + rowsPerInsert).join(",")}}`)
  }
  return literals
}

const tableSql = `
create table public.flights (
  id bigint generated always as identity,
  date timestamp not null,
  delay integer not null,
  distance integer not null,
  origin text not null,
  destination text not null
);
comment on table public.flights is 'Flights within the USA, January to June 2001; date is the time of departure.'`

const insertSql = `
insert into public.flights (date, delay, distance, origin, destination)
select timestamp '1970-01-01' + micros * interval '1 microsecond', delay, distance, origin, destination
from unnest($1::bigint[], $2::integer[], $3::integer[], $4::text[], $5::text[])
  as flight (micros, delay, distance, origin, destination)`

/** All of them after the rows: sorting once is faster than inserting three million times. */
const indexSql = `
alter table public.flights add primary key (id);
create index flights_date_idx on public.flights (date);
create index flights_origin_date_idx on public.flights (origin, date);
create index flights_destination_date_idx on public.flights (destination, date)`
