import { globSync } from "node:fs"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { BenchResult } from "./BenchResult.ts"
import { findingsOf } from "./findingsOf.ts"
import { renderPage } from "./render/renderPage.ts"

/** Where kept results are; `docs/benchmarks.md` is written from all of them. */
const folder = join(import.meta.dirname, "results")

export const pagePath = join(import.meta.dirname, "../docs/benchmarks.md")

/** Keeps a whole bench, in place of the last one of its major version, with its findings for those who read JSON. */
export async function saveResult(result: BenchResult): Promise<string> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, `${result.versions.major}.json`)
  await writeFile(path, `${JSON.stringify({ ...result, findings: findingsOf(result) }, null, 2)}\n`)
  return path
}

/** All results that are kept, the newest major version first. */
export async function readResults(): Promise<BenchResult[]> {
  const files = globSync("*.json", { cwd: folder })
  const results = await Promise.all(
    files.map(async (file) => JSON.parse(await readFile(join(folder, file), "utf8")) as BenchResult),
  )
  return results.toSorted((a, b) => b.versions.major - a.versions.major)
}

export async function writePage(): Promise<void> {
  await writeFile(pagePath, renderPage(await readResults()))
}
