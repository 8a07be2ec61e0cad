import { ulid } from "ulid"
import { targetName } from "../../../domain/derivedNames.ts"
import { beginRun } from "../../../machine/advance.ts"
import type { Queryable } from "../../../postgres/Queryable.ts"
import type { TableDescription } from "../../../postgres/catalog/TableDescription.ts"
import { findRelation } from "../../../postgres/catalog/findRelation.ts"
import { makeBlueprint } from "../../../steps/prep/blueprint.ts"
import { readIncomingKeys } from "../../../steps/source/readIncomingKeys.ts"
import { readViaRoot } from "../../../steps/swap/belongings/publications.ts"
import { lanesByCores } from "../../../steps/throttle/lanes.ts"
import { relabels } from "../../../steps/relabel/relabels.ts"
import { findPlace } from "../../../steps/split/place.ts"
import { guessBoundary } from "../../../steps/preflight/table/checkHistoryKeys.ts"
import type { Run } from "../../../store/runs.ts"
import type { LaunchRequest } from "../launch.ts"

/** The run as a launch would write it, up to where the source has been looked at. */
export async function imagineRun(
  db: Queryable,
  { table, options, isOptedIn }: LaunchRequest,
  source: TableDescription,
  key: Run["key"],
  mayRead: boolean,
): Promise<Run> {
  const { stored, state, control, context } = beginRun()
  const scaffold = await findRelation(db, targetName(table))
  const boundary =
    relabels({ options }) && mayRead ? await guessBoundary({ db, table, source, key, options }) : undefined
  const copied = makeBlueprint(source, key.column, {
    keyMayBeNull: options.nullKeys !== "refuse",
    incomingKeys: await readIncomingKeys(db, source.oid, key.column),
    viaRoot: await readViaRoot(db, source.oid),
    isAdopted: scaffold !== undefined,
    adoptedPartitions: [],
    place: await findPlace(db, source.oid, key.column),
  })
  const blueprint = boundary === undefined ? copied : { ...copied, boundary }
  const nothingYet = { reason: null, error: null, heapFile: null, heapBlocks: null, strategy: null }
  const notYet = {
    fingerprint: null,
    guardMark: null,
    throttled: null,
    swappedAt: null,
    fallbackUntil: null,
    legacyTable: null,
    finishedAt: null,
  }
  return {
    id: ulid(),
    sourceOid: source.oid,
    table,
    key,
    options: { ...options, parallel: options.parallel ?? (await lanesByCores(db)), isOptedIn },
    stored,
    state,
    control,
    epoch: context.epoch,
    tick: 0,
    surveyedBlocks: 0,
    batchBlocks: 0,
    blueprint,
    gateOpened: false,
    targetOid: scaffold?.oid ?? null,
    ...nothingYet,
    ...notYet,
  }
}
