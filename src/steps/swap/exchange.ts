import { historyName, legacyName, targetName } from "../../domain/derivedNames.ts"
import type { TableName } from "../../domain/tableName.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, sql, table } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { legacyObjectName, targetObjectName } from "../prep/scaffold.ts"
import { historyObjectName, relabels } from "../relabel/relabels.ts"

/**
 * Two tables that exchange a name: `front` has it and gives it up, `back` gets it. The swap exchanges source and
 * target; a rollback exchanges them again, the other way round. Everything below knows only the two sides.
 */
export type Exchange = {
  readonly run: Run
  /** The name that the application uses. */
  readonly table: TableName
  readonly front: Side
  readonly back: Side
  /** The partitions of the partitioned table, each with its schema. */
  readonly partitions: readonly TableName[]
  /** Whether the name goes to the partitioned table: the swap, and not a rollback. */
  readonly isForward: boolean
}

export type Side = {
  readonly oid: number
  /** What the table is called while it does not have the name. */
  readonly parked: TableName
  /** What an index, a sequence, … of it is called meanwhile, by the name it has in front. */
  readonly park: (objectName: string) => string
}

/**
 * A kind of thing that follows the table by OID, and so has to be handed over. `read` asks the catalog, before the lock,
 * what to do; `mark` is an expression of text that changes whenever `read` could answer otherwise, so that
 * under the lock one query tells whether the answers still hold.
 */
export type Belonging = {
  readonly read: (db: Queryable, exchange: Exchange) => Promise<Moves>
  readonly mark?: (exchange: Exchange) => Sql
}

/** Statements without parameters: `take` while the front table still has the name, `give` when the other has it. */
export type Moves = { readonly take: readonly Sql[]; readonly give: readonly Sql[] }

export const nothingToMove: Moves = { take: [], give: [] }

export function swapOf(run: Run, partitions: readonly TableName[]): Exchange {
  return { run, table: run.table, front: sourceSide(run), back: targetSide(run), partitions, isForward: true }
}

export function swapBackOf(run: Run, partitions: readonly TableName[]): Exchange {
  return { run, table: run.table, front: targetSide(run), back: sourceSide(run), partitions, isForward: false }
}

function sourceSide(run: Run): Side {
  if (relabels(run)) return { oid: run.sourceOid, parked: historyName(run.table), park: historyObjectName }
  return { oid: run.sourceOid, parked: legacyName(run.table), park: legacyObjectName }
}

function targetSide(run: Run): Side {
  return { oid: run.targetOid ?? 0, parked: targetName(run.table), park: targetObjectName }
}

/** All that the belongings want done, in one list: taken in order, the names exchanged, given in the reverse order. */
export async function readExchangeStatements(
  db: Queryable,
  exchange: Exchange,
  belongings: readonly Belonging[],
): Promise<Sql[]> {
  const moves: Moves[] = []
  for (const belonging of belongings) moves.push(await belonging.read(db, exchange))
  const { table: name, front, back } = exchange
  return [
    ...moves.flatMap((move) => move.take),
    sql`alter table ${table(name)} rename to ${ident(front.parked.name)}`,
    sql`alter table ${table(back.parked)} rename to ${ident(name.name)}`,
    ...moves.toReversed().flatMap((move) => move.give),
  ]
}
