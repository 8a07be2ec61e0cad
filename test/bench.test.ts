import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import type { BenchResult, ContenderResult, Pause, Timing } from "../bench/BenchResult.ts"
import { findingsOf } from "../bench/findingsOf.ts"
import { readOptions } from "../bench/options.ts"
import { renderPage } from "../bench/render/renderPage.ts"
import { renderText } from "../bench/render/renderText.ts"
import { pagePath, readResults } from "../bench/results.ts"
import { median, percentile } from "../bench/statistics.ts"

function timing(ms: number, peakRssBytes?: number): Timing {
  const process = peakRssBytes === undefined ? null : { peakRssBytes, cpuMs: 1_500, wallMs: ms + 1_000 }
  return {
    ms,
    othersShare: 0.023,
    walBytes: 600e6,
    serverCpuMs: 21_000,
    process,
    parts: process === null ? {} : { "until all is copied": ms * 0.8 },
  }
}

const naive: ContenderResult = {
  name: "naive insert",
  says: "one statement.",
  timings: [timing(25_000), timing(90_000), timing(26_000)],
}
const ours: ContenderResult = {
  name: "cutover launch",
  says: "the whole run.",
  timings: [timing(13_000, 150e6), timing(12_500, 155e6), timing(40_000, 149e6)],
}

function pauses(longestMs: number): Pause[] {
  return [20, 300, longestMs].flatMap((ms): Pause[] => [
    { how: "in process", ms, afterAcceptedMs: ms - 10, underWay: ["copy"], batchMs: 700 },
    { how: "command", ms: ms + 600, afterAcceptedMs: ms, underWay: ["index"], batchMs: null },
  ])
}

function result({ waitingMs = 300, longestPauseMs = 900 } = {}): BenchResult {
  return {
    schemaVersion: 1,
    at: "2026-11-23T08:00:00.000Z",
    commit: "0123456789",
    seed: 1,
    machine: { cpu: "A CPU", cores: 2, memoryBytes: 25e9, system: "Linux 6.1 x64" },
    versions: { cutover: "0.1.0", node: "24.21.0", postgres: "18.4", major: 18 },
    settings: { fsync: "on" },
    data: {
      table: "public.flights",
      rows: 3_000_000,
      heapBytes: 180e6,
      totalBytes: 446e6,
      months: { "2001-01": 3_000_000 },
    },
    speed: { contenders: [naive, ours] },
    waiting: [
      {
        othersShare: null,
        samples: 1_000,
        underWayMs: 10_000,
        idleMs: waitingMs,
        turnaroundShare: 0.04,
        medianTurnaroundMs: 14,
      },
      {
        othersShare: null,
        samples: 1_000,
        underWayMs: 10_000,
        idleMs: waitingMs,
        turnaroundShare: 0.04,
        medianTurnaroundMs: 14,
      },
    ],
    pauses: {
      batchTargetMs: 1_000,
      commandAloneMs: [500, 480, 520],
      othersShares: [0.01],
      pauses: pauses(longestPauseMs),
    },
  }
}

describe("the findings of a bench", () => {
  it("compare medians, so that one disturbed run does not count", () => {
    expect(findingsOf(result())[0]).toEqual({
      what: "`cutover launch` against naive insert, by medians",
      promised: "more than 1.00×",
      measured: "2.00×",
      isKept: true,
    })
  })

  it("say what is kept, one by one", () => {
    expect(findingsOf(result()).map((one) => one.isKept)).toEqual([true, true, true, true, true])
    expect(findingsOf(result({ waitingMs: 501 })).map((one) => one.isKept)).toEqual([true, true, false, true, true])
    expect(findingsOf(result({ longestPauseMs: 1_201 })).map((one) => one.isKept)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
  })

  it("leave out what was not measured", () => {
    expect(findingsOf({ ...result(), speed: null, pauses: null })).toHaveLength(1)
  })
})

describe("the rendering of a bench", () => {
  it("is a page whose tables have as many cells in each row", () => {
    const page = renderPage([result()])
    expect(page).toContain("## PostgreSQL 18\n")
    expect(page).toContain(
      "| cutover launch | 13.0 s, 12.5 s, 40.0 s | 13.0 s | 2.00× | 231k | 200 bytes | 21.0 s | 2.3 %, 2.3 %, 2.3 % |",
    )
    for (const table of page.split("\n\n").filter((part) => part.startsWith("|"))) {
      expect(
        new Set(
          table
            .trimEnd()
            .split("\n")
            .map((line) => line.split("|").length),
        ).size,
        table,
      ).toBe(1)
    }
  })

  it("is a text whose columns stand below each other", () => {
    const text = renderText(result())
    const [head = "", first = ""] = text.split("\n").filter((line) => /^ {2}(contender|naive insert) /.test(line))
    expect(first.lastIndexOf("26.0 s")).toBe(head.indexOf("median"))
    expect(text).not.toContain("`")
  })

  it("is what docs/benchmarks.md says of the results that are kept", async () => {
    expect(readFileSync(pagePath, "utf8")).toBe(renderPage(await readResults()))
  })
})

describe("statistics", () => {
  it.each([
    [[3, 1, 2], 2, 3],
    [[4, 1, 3, 2], 2.5, 4],
    [[7], 7, 7],
  ])("of %j: median %d, p95 %d", (values, middle, high) => {
    expect(median(values)).toBe(middle)
    expect(percentile(values, 0.95)).toBe(high)
  })

  it("take the 19th of 20 values for p95", () => {
    expect(
      percentile(
        Array.from({ length: 20 }, (_, n) => n + 1),
        0.95,
      ),
    ).toBe(19)
  })
})

describe("the options of a bench", () => {
  it("measure all in full unless told otherwise, and only then keep the result", () => {
    expect(readOptions([])).toMatchObject({
      major: 18,
      runs: 3,
      pauses: 20,
      only: ["speed", "waiting", "pauses"],
      isWhole: true,
    })
    for (const args of [["--quick"], ["--only", "speed"], ["--runs", "2"], ["--pauses", "5"]]) {
      expect(readOptions(args)?.isWhole, args.join(" ")).toBe(false)
    }
  })

  it.each([["--major", "14"], ["--only", "everything"], ["--runs", "0"], ["--nothing"]])("refuse %s %s", (...args) => {
    expect(() => readOptions(args)).toThrow(TypeError)
  })
})
