import { stripVTControlCharacters } from "node:util"
import { describe, expect, it } from "vitest"
import { renderStatus } from "../../../src/cli/render/statusTable.ts"
import { aPartition, aStatus, difference, idle, months, now, secondsAgo, swapped } from "./statuses.ts"

const plain = { color: false, width: 80, now }
const widest = (text: string) => Math.max(...text.split("\n").map((line) => line.length))

const fewMonths = [
  aPartition("2025-01", "validated"),
  aPartition("2025-02", "copied"),
  aPartition("2025-03", "validating"),
  aPartition("2025-04", "catchingUp", { attempts: 2 }),
  aPartition("2025-05", "copying"),
  aPartition("2025-06", "pending"),
]

describe("the picture of a run", () => {
  it("shows a run that copies", () => {
    expect(renderStatus(aStatus({ partitions: fewMonths }), plain)).toMatchInlineSnapshot(`
      "public.returns_raw · by return_date, per month
      run 01JDXK3V5E8M0Q2R4T6W8Y0A1C · launched 12m ago · 1 worker
      prep ✓ → copy ● → validate → attach → analyze → cleanup

      copy  ████████████████████████░░░░░░░░░░░░░░░░  61.2%
      14/24 partitions · 41.3M/67.5M rows · 52k rows/s · behind 312 changes · eta 8m
      running

        2025-01  validated    ████████████████████████         2.8M  ✓      54s
        2025-02  copied       ████████████████████████         2.8M         54s
        2025-03  validating   ████████████████████████         2.8M         54s
        2025-04  catching up  ████████████████████████         2.8M          5m  try 2
        2025-05  copying      ██████████░░░░░░░░░░░░░░    1.2M/2.8M          5m
        2025-06  pending      ░░░░░░░░░░░░░░░░░░░░░░░░        ~2.8M"
    `)
  })

  it("shows a run that prepares, before it knows its partitions", () => {
    const totals = { ...idle, partitions: 0, rowsCopied: 0, rowsEstimated: 0 }
    expect(renderStatus(aStatus({ run: { state: "prep" }, totals }), plain)).toMatchInlineSnapshot(`
      "public.returns_raw · by return_date, per month
      run 01JDXK3V5E8M0Q2R4T6W8Y0A1C · launched 12m ago · 1 worker
      prep ● → copy → validate → attach → analyze → cleanup

      running"
    `)
  })

  it("shows a paused run, why, and how to go on", () => {
    const run = { control: "paused", reason: "the nightly import runs" } as const
    expect(renderStatus(aStatus({ run }), plain)).toMatchInlineSnapshot(`
      "public.returns_raw · by return_date, per month
      run 01JDXK3V5E8M0Q2R4T6W8Y0A1C · launched 12m ago · 1 worker
      prep ✓ → copy ‖ → validate → attach → analyze → cleanup

      copy  ████████████████████████░░░░░░░░░░░░░░░░  61.2%
      14/24 partitions · 41.3M/67.5M rows · behind 312 changes
      paused: the nightly import runs
      Go on with: cutover resume 01JDXK3V5E8M0Q2R4T6W8Y0A1C"
    `)
  })

  it("shows a halted run with its error, and the month that differs with both counts", () => {
    const partitions = [
      aPartition("2025-02", "validated"),
      aPartition("2025-03", "validating", { equal: false, sourceRows: 2_801_113, targetRows: 2_801_112 }),
      aPartition("2025-04", "validating", { equal: false, sourceRows: 2_801_113, targetRows: "2801113" }),
    ]
    const run = { state: "validate", control: "halted", reason: difference.message, error: difference } as const
    expect(renderStatus(aStatus({ run, totals: idle, partitions }), plain)).toMatchInlineSnapshot(`
      "public.returns_raw · by return_date, per month
      run 01JDXK3V5E8M0Q2R4T6W8Y0A1C · launched 12m ago · 1 worker
      prep ✓ → copy ✓ → validate ✗ → attach → analyze → cleanup

      validate  ████████████████████░░░░░░░░░░░░░░░░░░░░  50.0%
      12/24 partitions · 41.3M rows

      ✗ Partition 2025-03 differs: 2,801,113 rows in the source, 2,801,112 in the
        target.
        data  The source is untouched and in use; the target is kept.
        next  Copy the month again with cutover retry 01JDXK3V5E8M0Q2R4T6W8Y0A1C
              --partition 2025-03.
        code  CUTOVER_DIFFERENT

        2025-02  validated    ██████████████████████████████         2.8M  ✓      54s
        2025-03  validating   ██████████████████████████████         2.8M  ✗      54s
          2,801,113 rows in the source, 2,801,112 in the target
        2025-04  validating   ██████████████████████████████         2.8M  ✗      54s
          2,801,113 rows on both sides, but not the same rows"
    `)
  })

  it("shows a run that waits for a lock, and who has it", () => {
    const reason = "pid 4711 (report, user etl, 3m old) reads public.returns_raw: select sum(quantity) from returns_raw"
    const run = { state: "attach", control: "waiting", reason } as const
    expect(renderStatus(aStatus({ run, totals: idle, attach: { attempts: 3 } }), plain)).toMatchInlineSnapshot(`
      "public.returns_raw · by return_date, per month
      run 01JDXK3V5E8M0Q2R4T6W8Y0A1C · launched 12m ago · 1 worker
      prep ✓ → copy ✓ → validate ✓ → attach ◌ → analyze → cleanup

      24 partitions · 41.3M rows · 3 attempts
      waiting: pid 4711 (report, user etl, 3m old) reads public.returns_raw: select
      sum(quantity) from returns_raw"
    `)
  })

  it("shows the fallback window of a run that has swapped", () => {
    const run = { state: "cleanup", control: "waiting", reason: "The fallback window is open." } as const
    const attach = { ...swapped, fallbackUntil: secondsAgo(-3 * 3600), legacyTable: "public.returns_raw_legacy" }
    expect(renderStatus(aStatus({ run, totals: idle, attach }), plain)).toMatchInlineSnapshot(`
      "public.returns_raw · by return_date, per month
      run 01JDXK3V5E8M0Q2R4T6W8Y0A1C · launched 12m ago · 1 worker
      prep ✓ → copy ✓ → validate ✓ → attach ✓ → analyze ✓ → cleanup ◌

      24 partitions · 41.3M rows · lock held 41ms
      swapped 2025-11-23 11:59:00Z · at attempt 2 · kept public.returns_raw_legacy
      fallback window until 2025-11-23 15:00:00Z, 3h left
      waiting: The fallback window is open."
    `)
  })

  it("shows a run that is done", () => {
    const run = { state: "done", finishedAt: now.toISOString(), workers: 0 } as const
    expect(renderStatus(aStatus({ run, totals: idle, attach: swapped }), plain)).toMatchInlineSnapshot(`
      "public.returns_raw · by return_date, per month
      run 01JDXK3V5E8M0Q2R4T6W8Y0A1C · launched 12m ago
      prep ✓ → copy ✓ → validate ✓ → attach ✓ → analyze ✓ → cleanup ✓

      24 partitions · 41.3M rows · lock held 41ms · took 12m
      swapped 2025-11-23 11:59:00Z · at attempt 2
      done"
    `)
  })

  it("does not call steps done that an aborted run never took", () => {
    const run = { state: "aborted", finishedAt: now.toISOString(), workers: 0 } as const
    expect(renderStatus(aStatus({ run, totals: idle }), plain)).not.toContain("✓")
  })

  it("calls only the preparation done where the run was not opted in to", () => {
    const run = { state: "done", finishedAt: now.toISOString(), reason: "SCAFFOLD is not set." } as const
    const lines = renderStatus(aStatus({ run, totals: { ...idle, partitions: 0, rowsCopied: 0 } }), plain).split("\n")
    expect(lines[2]).toBe("prep ✓ → copy → validate → attach → analyze → cleanup")
    expect(lines.at(-1)).toBe("done: SCAFFOLD is not set.")
  })

  it("says that nobody works an open run", () => {
    expect(renderStatus(aStatus({ run: { workers: 0 } }), plain)).toContain("No worker is alive.")
    expect(renderStatus(aStatus(), plain)).not.toContain("No worker is alive.")
  })

  it("folds 240 partitions to the height of the terminal, and keeps the busy ones in sight", () => {
    const partitions = months(240, 112, ["copied", "indexing", "copying"])
    const picture = renderStatus(aStatus({ partitions }), { ...plain, height: 24 })
    expect(picture).toMatchInlineSnapshot(`
      "public.returns_raw · by return_date, per month
      run 01JDXK3V5E8M0Q2R4T6W8Y0A1C · launched 12m ago · 1 worker
      prep ✓ → copy ● → validate → attach → analyze → cleanup

      copy  ████████████████████████░░░░░░░░░░░░░░░░  61.2%
      14/24 partitions · 41.3M/67.5M rows · 52k rows/s · behind 312 changes · eta 8m
      running

        ⋮ 107 validated, 301M rows
        2013-12  validated    ██████████████████████████████         2.8M  ✓      54s
        2014-01  validated    ██████████████████████████████         2.8M  ✓      54s
        2014-02  validated    ██████████████████████████████         2.8M  ✓      54s
        2014-03  validated    ██████████████████████████████         2.8M  ✓      54s
        2014-04  validated    ██████████████████████████████         2.8M  ✓      54s
        2014-05  copied       ██████████████████████████████         2.8M         54s
        2014-06  indexing     ██████████████████████████████         2.8M          5m
        2014-07  copying      ████████████░░░░░░░░░░░░░░░░░░    1.2M/2.8M          5m
        2014-08  pending      ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░        ~2.8M
        2014-09  pending      ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░        ~2.8M
        2014-10  pending      ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░        ~2.8M
        2014-11  pending      ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░        ~2.8M
        2014-12  pending      ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░        ~2.8M
        2015-01  pending      ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░        ~2.8M
        ⋮ 119 pending, about 333M rows"
    `)
    expect(picture.split("\n")).toHaveLength(24)
  })

  it("shows all partitions where no height limits it", () => {
    const picture = renderStatus(aStatus({ partitions: months(240, 112, ["copying"]) }), plain)
    expect(picture.split("\n").filter((line) => /^ {2}20\d\d-\d\d /.test(line))).toHaveLength(240)
  })

  it.each([60, 80, 120])("keeps within %i columns, also with a long name and a long reason", (width) => {
    const table = `public."${"a quite long name of a table ".repeat(2)}"`
    const run = { table, control: "paused", reason: `it is paused for ${"a long, long reason ".repeat(5)}` } as const
    const picture = renderStatus(aStatus({ run, partitions: fewMonths }), { ...plain, width })
    expect(widest(picture)).toBeLessThanOrEqual(width)
  })

  it.each([0, 12])("reads the same without colors, at a height of %i", (height) => {
    const status = aStatus({ partitions: fewMonths })
    const colored = renderStatus(status, { ...plain, color: true, height })
    expect(stripVTControlCharacters(colored)).toBe(renderStatus(status, { ...plain, height }))
    expect(colored).not.toBe(stripVTControlCharacters(colored))
  })
})
