import { stripVTControlCharacters } from "node:util"
import { describe, expect, it } from "vitest"
import { renderLogRecord } from "../../../src/cli/render/logRecord.ts"
import type { LogRecord } from "../../../src/log/records.ts"
import { difference } from "./statuses.ts"

function aRecord(kind: LogRecord["kind"], data: LogRecord["data"] = {}, partition: string | null = null): LogRecord {
  return {
    seq: 7,
    id: "01JDXK3V5E8M0Q2R4T6W8Y0A1D",
    at: "2025-11-23T06:41:24.123Z",
    runId: "01JDXK3V5E8M0Q2R4T6W8Y0A1C",
    tableName: "public.returns_raw",
    kind,
    partition,
    lsn: "0/1A2B3C4",
    timeline: 1,
    actor: "ada",
    data,
  }
}

describe("a record of the maintenance log, in one line", () => {
  it.each([
    [aRecord("run.launched", { by: "return_date", sql: "create …" }), "run.launched         by return_date, by ada"],
    [aRecord("prep.completed", { optedIn: false }), "prep.completed       not opted in"],
    [
      aRecord("partition.copied", { rows: 2_801_113, batches: 1, durationMs: 54_000 }, "2025-03"),
      "partition.copied     2025-03, 2,801,113 rows, 1 batch, in 54s",
    ],
    [
      aRecord("partition.validated", { sourceRows: "9007199254740993", equal: false, sums: { qty: "12" } }, "2025-03"),
      `partition.validated  2025-03, source rows 9,007,199,254,740,993, different, sums {"qty":"12"}`,
    ],
    [aRecord("run.paused", { reason: "the import\nruns" }), "run.paused           the import runs, by ada"],
    [aRecord("run.halted", { error: difference }), `run.halted           ${difference.message} (CUTOVER_DIFFERENT)`],
    [
      aRecord("attach.completed", { lockHeldMs: 41, tableOid: 16400, renamedAt: "2025-11-23T06:41:24.1Z", from: null }),
      "attach.completed     lock held 41ms, table oid 16400, renamed at 2025-11-23 06:41:24Z, lsn 0/1A2B3C4",
    ],
    [aRecord("cleanup.completed", { freedBytes: 44_346_000_000 }), "cleanup.completed    freed 41.3 GB"],
    [aRecord("run.completed"), "run.completed"],
  ])("%#", (record, line) => {
    expect(renderLogRecord(record, { color: false })).toBe(`2025-11-23 06:41:24Z  ${line}`)
  })

  it("reads the same without colors", () => {
    const record = aRecord("partition.copied", { rows: 3 }, "2025-03")
    const colored = renderLogRecord(record, { color: true })
    expect(stripVTControlCharacters(colored)).toBe(renderLogRecord(record, { color: false }))
    expect(colored).not.toBe(stripVTControlCharacters(colored))
  })
})
