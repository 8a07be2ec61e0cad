import { renderTableName } from "../../../domain/tableName.ts"
import { sql } from "../../../postgres/sql.ts"
import { isInstalled } from "../../../store/install.ts"
import { isOldKey } from "../../prep/blueprint.ts"
import { relabels } from "../../relabel/relabels.ts"
import { type Check, type CheckContext, type Finding, ok, warn } from "../Check.ts"
import { type Reason, type Whole, readWhole, refusedSplit } from "./checkWhole.ts"

/** Whether what was asked for is possible in the place of a partition, and what its months cannot keep. */
export const checkPlace: Check = async (context) => {
  const { db, source, table } = context
  const whole = source.isPartition ? await readWhole(db, source.oid) : undefined
  if (whole === undefined) return []
  const [column = null] = whole.columns
  const reasons: Reason[] = [
    ...optionReasons(context),
    ...(column === null || column === context.key.column
      ? []
      : [
          [
            `${renderTableName(whole)} is partitioned by ${column} and not by ${context.key.column}`,
            `Launch with --by ${column}.`,
          ] as const,
        ]),
    ...(await siblingReasons(context, whole)),
  ]
  return [...reasons.map(([why, hint]) => refusedSplit(table, why, hint)), ...oldKeyFindings(context)]
}

function optionReasons({ options, table }: CheckContext): Reason[] {
  const name = renderTableName(table)
  return [
    ...(relabels({ options })
      ? [["it is a partition already, and cannot become one", "Launch without --strategy relabel."] as const]
      : []),
    ...(options.nullKeys === "refuse"
      ? []
      : [["no row without a key is in a range", `Leave --null-keys at refuse: ${name} has none.`] as const]),
  ]
}

/** Between a swap and the end of its analysis the foreign keys of the whole are not yet what they were. */
async function siblingReasons({ db, source }: CheckContext, whole: Whole): Promise<Reason[]> {
  if (!(await isInstalled(db))) return []
  const { rows } = await db.query<{ id: string; table: string }>(sql`
    select r.id, quote_ident(r.table_schema) || '.' || quote_ident(r.table_name) as table
    from cutover.runs r
    where (r.blueprint -> 'place' ->> 'wholeOid')::bigint::oid = ${whole.oid}
      and r.source_oid <> ${source.oid} and r.finished_at is null and r.state <> 'cleanup'
    order by r.launched_at`)
  return rows.map(({ id, table }) => [
    `run ${id} splits ${table}, another partition of ${renderTableName(whole)}, and is on its way`,
    `Wait until it is in its fallback window, or has ended: cutover status ${id} --watch`,
  ])
}

/** Of months nobody can say that a number is in none of the others. */
function oldKeyFindings({ source, table, key }: CheckContext): Finding[] {
  const old = source.indexes.find((index) => isOldKey(source, index, key.column))
  if (old === undefined) return [ok("CUTOVER_KEY_WIDENED", "no key of it is stricter than those of its months.")]
  return [
    warn(
      "CUTOVER_KEY_WIDENED",
      `${old.name} keeps (${old.keyList ?? ""}) unique within ${renderTableName(table)}; its months cannot, so rows of different months may then have the same.`,
      "It stays on the legacy table, and is there again after a rollback. A sequence makes no such pair; other writers might.",
    ),
  ]
}
