import { globSync } from "node:fs"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type BenchResult, heaps } from "./BenchResult.ts"
import { findingsOf } from "./findingsOf.ts"
import { measureNames, usualBatchTarget } from "./options.ts"
import { renderChart } from "./render/renderChart.ts"
import { renderPage } from "./render/renderPage.ts"
import { formatCount } from "./render/units.ts"

/** Where kept results are; `docs/benchmarks.md` is written from all of them. */
const folder = join(import.meta.dirname, "results")

export const pagePath = join(import.meta.dirname, "../docs/benchmarks.md")
export const chartPath = join(import.meta.dirname, "../docs/benchmarks.svg")

/** Keeps a result in place of the last one of the same data, version, parts and batches, with its findings for those who read JSON. */
export async function saveResult(result: BenchResult): Promise<string> {
  await mkdir(folder, { recursive: true })
  const { versions, data } = result
  const parts = measureNames.filter((name) => result[name] !== null)
  const batches = result.batchTarget === usualBatchTarget ? [] : [`batches-of-${result.batchTarget}`]
  const path = join(
    folder,
    `${[versions.major, data.heap, formatCount(data.rows), ...parts, ...batches].join("-")}.json`,
  )
  await writeFile(path, `${JSON.stringify({ ...result, findings: findingsOf(result) }, null, 2)}\n`)
  return path
}

/** All results that are kept: the newest major version first, then by heap, then by rows. */
export async function readResults(): Promise<BenchResult[]> {
  const files = globSync("*.json", { cwd: folder })
  const results = await Promise.all(
    files.map(async (file) => JSON.parse(await readFile(join(folder, file), "utf8")) as BenchResult),
  )
  return results.toSorted(
    (a, b) =>
      b.versions.major - a.versions.major ||
      heaps.indexOf(a.data.heap) - heaps.indexOf(b.data.heap) ||
      a.data.rows - b.data.rows ||
      Number(a.speed === null) - Number(b.speed === null),
  )
}

/** The page, and the chart that it shows. */
export async function writePage(): Promise<void> {
  const results = await readResults()
  await writeFile(pagePath, renderPage(results, await readNotes()))
  await writeFile(chartPath, renderChart(results))
}

/** What a person made of the results that are kept, by hand: to be looked at again with each of them. */
export async function readNotes(): Promise<string> {
  return await readFile(join(import.meta.dirname, "notes.md"), "utf8")
}
