import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { describe, expect, it } from "vitest"
import { type BenchResult, type ContenderResult, type Pause, type Timing, itsCopy } from "../bench/BenchResult.ts"
import { contenderKinds } from "../bench/contenders/Contender.ts"
import { findingsOf, sizeFindings } from "../bench/findingsOf.ts"
import { readOptions } from "../bench/options.ts"
import { renderChart } from "../bench/render/renderChart.ts"
import { renderPage } from "../bench/render/renderPage.ts"
import { renderText } from "../bench/render/renderText.ts"
import { chartPath, pagePath, readNotes, readResults } from "../bench/results.ts"
import { median, medianRatio, percentile } from "../bench/statistics.ts"

function timing(ms: number, peakRssBytes?: number): Timing {
  const process =
    peakRssBytes === undefined
      ? null
      : { peakRssBytes, cpuMs: 1_500, wallMs: ms + 1_000, workingCpuMs: ms * 0.04, workingMs: ms }
  return {
    ms,
    othersShare: 0.023,
    walBytes: process === null ? 600e6 : 300e6,
    serverCpuMs: 21_000,
    process,
    parts: process === null ? {} : { "copy and indexes alone": ms * 0.75 },
  }
}

const naive: ContenderResult = {
  kind: "naive",
  name: "naive insert",
  says: "one statement.",
  parallel: 1,
  timings: [timing(25_000), timing(90_000), timing(26_000)],
}
const bare: ContenderResult = {
  kind: "bare",
  name: "bare script, 2 at once",
  says: "the floor.",
  parallel: 2,
  timings: [timing(9_000), timing(9_000), timing(9_000)],
}
const ours: ContenderResult = {
  kind: "cutover",
  name: "cutover launch, 2 at once",
  says: "the whole run.",
  parallel: 2,
  timings: [timing(12_000, 150e6), timing(12_500, 155e6), timing(40_000, 149e6)],
}

function pauses(longestMs: number): Pause[] {
  return [20, 300, longestMs].flatMap((ms): Pause[] => [
    { how: "in process", ms, afterAcceptedMs: ms - 10, underWay: ["copy"], batchMs: 700 },
    { how: "command", ms: ms + 600, afterAcceptedMs: ms, underWay: ["index"], batchMs: null },
  ])
}

function result({ waitingMs = 200, longestPauseMs = 900 } = {}): BenchResult {
  return {
    schemaVersion: 2,
    at: "2026-11-23T08:00:00.000Z",
    command: "npm run bench",
    commit: "0123456789",
    seed: 1,
    machine: { cpu: "A CPU", cores: 2, memoryBytes: 25e9, system: "Linux 6.1 x64" },
    versions: { cutover: "0.1.0", node: "24.21.0", postgres: "18.4", major: 18 },
    settings: { fsync: "on" },
    data: {
      table: "public.returns_raw",
      heap: "ordered",
      rows: 3_000_000,
      heapBytes: 180e6,
      totalBytes: 446e6,
      months: { "2001-01": 3_000_000 },
    },
    batchTarget: "1s",
    speed: { contenders: [naive, bare, ours] },
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
    live: {
      perSecond: 150,
      periods: [
        {
          beside: "nothing else",
          transactions: 1_500,
          errors: 0,
          p50Ms: 0.6,
          p99Ms: 2.34,
          longestMs: 12,
          copyMs: null,
          wrongRows: null,
        },
      ],
    },
    pauses: {
      batchTargetMs: 1_000,
      commandAloneMs: [500, 480, 520],
      othersShares: [0.01],
      pauses: pauses(longestPauseMs),
    },
  }
}

function keptOf(found: BenchResult): boolean[] {
  return findingsOf(found).map((one) => one.isKept)
}

describe("the findings of a bench", () => {
  it("compare turn by turn and take the median, so that one disturbed run does not count", () => {
    expect(findingsOf(result())[0]).toEqual({
      what: "`cutover launch, 2 at once`, the whole run, against the naive insert",
      promised: "at least 2.00×",
      measured: "2.08×",
      isKept: true,
    })
  })

  it("say what is kept, one by one", () => {
    expect(keptOf(result())).toEqual([true, true, true, true, true, true, true, true, true])
    expect(keptOf(result({ waitingMs: 301 }))[6]).toBe(false)
    expect(keptOf(result({ longestPauseMs: 1_201 })).slice(7)).toEqual([false, false])
  })

  it("want more where the heap is shuffled, for that is where the naive insert is slow", () => {
    const shuffled = { ...result(), data: { ...result().data, heap: "shuffled" as const } }
    expect(findingsOf(shuffled).map((one) => one.promised)).toContain("at least 4.00×")
    expect(findingsOf(shuffled)[0]?.isKept).toBe(false)
  })

  it("leave out what was not measured", () => {
    expect(findingsOf({ ...result(), speed: null, pauses: null })).toHaveLength(1)
    expect(findingsOf({ ...result(), speed: { contenders: [bare] } })).toHaveLength(3)
  })

  it("hold the cost of a row in a large table against that in a small one", () => {
    const small = { ...result(), data: { ...result().data, rows: 1_000_000 } }
    expect(sizeFindings([small, result()]).map((one) => one.measured)).toEqual(["0.33×"])
    expect(sizeFindings([result()])).toEqual([])
  })
})

describe("the rendering of a bench", () => {
  it("is a page whose tables have as many cells in each row", () => {
    const page = renderPage([result()])
    expect(page).toContain("## PostgreSQL 18, 3M rows, in the order of the date\n")
    expect(page).toContain(
      "| cutover launch, 2 at once | 12.0 s, 12.5 s, 40.0 s | 12.5 s | 2.08× | 240k | 100 bytes | 21.0 s | 1.00× | 2.3 %, 2.3 %, 2.3 % |",
    )
    expect(page).toContain(
      "| its copy and indexes, 2 at once | 9.00 s, 9.38 s, 30.0 s | 9.38 s | 2.78× | 320k |  |  |  |  |",
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

  it("is a chart whose longest bar is the slowest contender's", () => {
    const chart = renderChart([result()])
    const bars = [...chart.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"/g)].map((found) => Number(found[1]))
    expect(bars).toHaveLength(4)
    expect(bars.indexOf(Math.max(...bars))).toBe(0)
    expect(chart).toContain("1.00×  ·  26.0 s")
  })

  it("is what docs/benchmarks.md and its chart say of the results that are kept", async () => {
    const results = await readResults()
    expect(readFileSync(pagePath, "utf8")).toBe(renderPage(results, await readNotes()))
    expect(readFileSync(chartPath, "utf8")).toBe(renderChart(results))
  })
})

describe("a bench", () => {
  it("measures every contender on both heaps, quickly when told so", { timeout: 900_000 }, async () => {
    const run = fileURLToPath(new URL("../bench/run.ts", import.meta.url))
    const args = [run, "--quick", "--rows", "5k", "--only", "speed,live", "--json"]
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 10_000_000 })
    const results = JSON.parse(stdout) as BenchResult[]
    expect(results.map((one) => one.data.heap)).toEqual(["ordered", "shuffled"])
    for (const { speed, live } of results) {
      expect(speed?.contenders.map((one) => one.kind)).toEqual([...contenderKinds])
      expect(live?.periods.map((one) => one.errors)).toEqual([0, 0, 0, 0, 0, 0, 0])
      const launched = live?.periods.filter((one) => one.beside.startsWith("cutover launch"))
      expect(launched?.map((one) => [one.beside.endsWith(itsCopy), one.wrongRows])).toEqual([
        [false, 0],
        [true, null],
        [false, 0],
        [true, null],
      ])
    }
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

  it("compare turns that followed each other", () => {
    expect(medianRatio([10, 30, 12], [5, 5, 4])).toBe(3)
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
  it("measure two million rows in order and shuffled, unless told otherwise", () => {
    expect(readOptions([])).toMatchObject({
      major: 18,
      heaps: ["ordered", "shuffled"],
      rows: [2_000_000],
      parallel: [2],
      contenders: [...contenderKinds],
      runs: 3,
      only: ["speed", "waiting", "live", "pauses"],
      writesDocs: false,
    })
  })

  it("take lists", () => {
    expect(readOptions(["--rows", "500k,10M", "--parallel", "1,2,4", "--heap", "unindexed"])).toMatchObject({
      rows: [500_000, 10_000_000],
      parallel: [1, 2, 4],
      heaps: ["unindexed"],
    })
  })

  it.each([
    ["--major", "14"],
    ["--only", "everything"],
    ["--runs", "0"],
    ["--rows", "12"],
    ["--heap", "sorted"],
    ["--nothing"],
  ])("refuse %s %s", (...args) => {
    expect(() => readOptions(args)).toThrow(TypeError)
  })
})
