import type { TableName } from "../../domain/tableName.ts"
import { formatExactCount } from "../render/numbers.ts"
import type { Connection } from "./inTransaction.ts"
import { createFlights } from "./flights.ts"
import { createReturnsRaw } from "./returnsRaw.ts"
import type { OnProgress } from "./showStep.ts"

/** A table that a demo makes and partitions. */
export type DemoTable = {
  readonly name: TableName
  readonly by: string
  /** What is made, to follow "Making". */
  readonly says: string
  readonly create: (connection: Connection, onProgress: OnProgress) => Promise<void>
}

export const flights: DemoTable = {
  name: { schema: "public", name: "flights" },
  by: "date",
  says: "public.flights: 3,000,000 real flights within the USA, January to June 2001",
  create: (connection, onProgress) => createFlights(connection, { onProgress }),
}

export function returnsRaw(rows: number): DemoTable {
  return {
    name: { schema: "public", name: "returns_raw" },
    by: "return_date",
    says: `public.returns_raw: ${formatExactCount(rows)} rows of a returns feed over 24 months`,
    create: (connection, onProgress) => createReturnsRaw(connection, { rows, onProgress }),
  }
}
