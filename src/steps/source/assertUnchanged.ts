import { renderTableName } from "../../domain/tableName.ts"
import { CutoverError } from "../../errors/CutoverError.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { describeTable } from "../../postgres/catalog/describeTable.ts"
import { type Sql, join, sql } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { changeLogOf } from "../../store/changeLog.ts"
import { definitionMarks } from "./definitionMarks.ts"
import { differences, fingerprintOf } from "./fingerprint.ts"
import { requireBlueprint } from "../requireBlueprint.ts"
import { differencesOfPlace, findPlace, placeOf } from "../split/place.ts"
import { relabels, withoutOurs } from "../relabel/relabels.ts"

/**
 * Halts when the source's definition is not what it was when the copy began, or when a trigger that guards it was
 * touched. A change of the definition would be lost by the swap without a word; so would writes that no trigger saw.
 */
export async function assertUnchanged(tx: Queryable, run: Run): Promise<void> {
  const described = await describeTable(tx, run.sourceOid)
  if (described === undefined) throw sourceGone(run)
  const now = relabels(run) ? withoutOurs(described) : described
  if (fingerprintOf(now) !== run.fingerprint) throw changed(run, differences(requireBlueprint(run).source, now))
  await assertPlace(tx, run)
  if ((await readGuardMark(tx, run)) !== run.guardMark) throw unguarded(run)
}

async function assertPlace(tx: Queryable, run: Run): Promise<void> {
  const place = placeOf(run)
  if (place === undefined) return
  const changes = differencesOfPlace(place, await findPlace(tx, run.sourceOid, run.key.column))
  if (changes.length > 0) throw changed(run, changes)
}

/** The mark at which this process has last compared the whole definition of a run's source. */
const comparedAt = new Map<string, string>()

/**
 * The same, for the many jobs on the way: the whole definition is compared again only where the catalog's rows were touched
 * since this process did, which `mark` tells. What these rows do not tell, such as a changed comment, is found before the swap.
 */
export async function assertUntouched(tx: Queryable, run: Run, mark: string): Promise<void> {
  if (comparedAt.get(run.id) === mark) return
  await assertUnchanged(tx, run)
  comparedAt.set(run.id, mark)
}

/** An expression: what the catalog's rows of the source and of its guards say of when they were touched. */
export function untouchedMark(run: Run): Sql {
  return sql`md5(concat_ws(' ', ${join(definitionMarks(run.sourceOid))}, (${guardMarkOf(run)})))`
}

/**
 * What the catalog says of our triggers on the source, their functions and the change log: OIDs, whether they are enabled,
 * and the transactions that last touched them, so that disabling and enabling again is seen too.
 */
export async function readGuardMark(tx: Queryable, run: Run): Promise<string> {
  return (await readOne<{ mark: string }>(tx, guardMarkOf(run))).mark
}

function guardMarkOf(run: Run): Sql {
  return sql`
    select coalesce((select string_agg(concat_ws('/', t.tgname, t.oid, t.xmin, t.tgenabled, p.oid, p.xmin), ' ' order by t.tgname)
                     from pg_trigger t
                     join pg_proc p on p.oid = t.tgfoid
                     where t.tgrelid = ${run.sourceOid} and t.tgname like 'cutover\\_%'), 'none')
           || coalesce((select ' log/' || c.oid
                        from pg_class c
                        join pg_namespace n on n.oid = c.relnamespace
                        where n.nspname = 'cutover' and c.relname = ${changeLogOf(run).name}), '') as mark`
}

export function sourceGone(run: Run): CutoverError {
  return new CutoverError("CUTOVER_SOURCE_CHANGED", {
    message: `${renderTableName(run.table)} is gone: the table with OID ${run.sourceOid} does not exist any more.`,
    state: "The run stopped; what it built so far is still there.",
    hint: `Abort the run: ${abortCommand(run)}`,
  })
}

export function changed(run: Run, changes: readonly string[]): CutoverError {
  return new CutoverError("CUTOVER_SOURCE_CHANGED", {
    message: `${renderTableName(run.table)} changed while the run was open: ${changes.join("; ")}.`,
    state: "The swap was not made; the application still uses the source, which is complete.",
    hint: `Undo the change and resume, or abort and launch again: ${abortCommand(run)}`,
    details: { changes },
  })
}

function unguarded(run: Run): CutoverError {
  const what = run.options.writes === "capture" ? "captures" : "refuses"
  return new CutoverError("CUTOVER_CAPTURE_BROKEN", {
    message: `The trigger that ${what} writes to ${renderTableName(run.table)} was dropped, disabled or changed.`,
    state: "Writes may have been missed; the application still uses the source, which is complete.",
    hint: `What was missed cannot be known, so begin anew: ${abortCommand(run)}`,
  })
}

function abortCommand(run: Run): string {
  return `cutover abort ${run.id} --confirm ${renderTableName(run.table)}`
}
