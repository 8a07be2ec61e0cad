import { describe, expect, it } from "vitest"
import { renderStatusLine } from "../../../src/cli/render/statusLine.ts"
import { aStatus, difference, idle, now, swapped } from "./statuses.ts"

const prep = { partitions: 0, copied: 0, validated: 0, rowsCopied: 0, rowsEstimated: 0, ...idle }
const finishedAt = now.toISOString()

describe("the line of a run", () => {
  it.each([
    [
      "copying",
      aStatus(),
      "public.returns_raw copy 61.2% | 14/24 partitions | 41.3M/67.5M rows | 52k rows/s | " +
        "behind 312 changes | eta 8m | running",
    ],
    [
      "just beginning to copy, without an honest estimate",
      aStatus({ totals: { ...idle, copied: 0, rowsCopied: 0 } }),
      "public.returns_raw copy 0.0% | 0/24 partitions | 0/67.5M rows | running",
    ],
    [
      "copying more rows than were estimated",
      aStatus({ totals: { ...idle, copied: 23, rowsCopied: 68_000_000 } }),
      "public.returns_raw copy 99.9% | 23/24 partitions | 68M/67.5M rows | running",
    ],
    ["preparing", aStatus({ run: { state: "prep" }, totals: prep }), "public.returns_raw prep | running"],
    [
      "validating",
      aStatus({ run: { state: "validate" }, totals: { ...idle, copied: 24 } }),
      "public.returns_raw validate 50.0% | 12/24 partitions | 41.3M rows | running",
    ],
    [
      "throttled",
      aStatus({ run: { reason: "replica lag 12s > 10s" }, totals: { ...idle, rowsPerSecond: 900 } }),
      "public.returns_raw copy 61.2% | 14/24 partitions | 41.3M/67.5M rows | 900 rows/s | " +
        "running: replica lag 12s > 10s",
    ],
    [
      "paused: a speed and an end of before mean nothing",
      aStatus({ run: { control: "paused", reason: "the nightly import runs" } }),
      "public.returns_raw copy 61.2% | 14/24 partitions | 41.3M/67.5M rows | behind 312 changes | " +
        "paused: the nightly import runs",
    ],
    [
      "waiting for a lock",
      aStatus({
        run: { state: "attach", control: "waiting", reason: "pid 4711 reads it." },
        totals: idle,
        attach: { attempts: 3 },
      }),
      "public.returns_raw attach | 24 partitions | 41.3M rows | 3 attempts | waiting: pid 4711 reads it.",
    ],
    [
      "halted",
      aStatus({ run: { state: "validate", control: "halted", reason: "differs", error: difference }, totals: idle }),
      "public.returns_raw validate 50.0% | 12/24 partitions | 41.3M rows | " +
        "halted: Partition 2025-03 differs: 2,801,113 rows in the source, 2,801,112 in the target. (CUTOVER_DIFFERENT)",
    ],
    [
      "done",
      aStatus({ run: { state: "done", finishedAt }, totals: idle, attach: swapped }),
      "public.returns_raw | 24 partitions | 41.3M rows | lock held 41ms | took 12m | done",
    ],
    [
      "done without being opted in to",
      aStatus({ run: { state: "done", finishedAt, reason: "RETURNS_PARTITION_SCAFFOLD is not set." }, totals: prep }),
      "public.returns_raw | took 12m | done: RETURNS_PARTITION_SCAFFOLD is not set.",
    ],
    [
      "rolled back",
      aStatus({ run: { state: "rolledBack", finishedAt }, totals: idle, attach: swapped }),
      "public.returns_raw | 24 partitions | 41.3M rows | lock held 41ms | took 12m | rolled back",
    ],
    [
      "of one partition, and counts that JSON cannot hold as numbers",
      aStatus({
        totals: {
          ...idle,
          partitions: 1,
          copied: 0,
          rowsCopied: "9200000000000000",
          rowsEstimated: "9200000000000000",
        },
      }),
      "public.returns_raw copy 99.9% | 0/1 partition | 9200T/9200T rows | running",
    ],
    [
      "whose table and reason hold line ends and escapes",
      aStatus({ run: { table: `public."a\nb"`, control: "paused", reason: "one\r\n\u001B[31mtwo" }, totals: idle }),
      `public."a b" copy 61.2% | 14/24 partitions | 41.3M/67.5M rows | paused: one [31mtwo`,
    ],
  ])("%s", (_case, status, line) => {
    expect(renderStatusLine(status)).toBe(line)
  })
})
