import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { expect, it } from "vitest"

const root = join(import.meta.dirname, "..")
const pages = ["README.md", "CHANGELOG.md", ...globSync("docs/**/*.md", { cwd: root })]

/** The links of a page to other files of the project, without their anchors. */
function linksOf(page: string): string[] {
  const text = readFileSync(join(root, page), "utf8")
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = ""]) => link.replace(/#.*$/, ""))
    .filter((link) => link !== "" && !/^[a-z]+:/.test(link))
}

it.each(pages)("every link of %s leads to a file", (page) => {
  const dead = linksOf(page).filter((link) => !existsSync(join(root, dirname(page), link)))
  expect(dead).toEqual([])
})

it("finds links at all", () => {
  expect(linksOf("docs/guarantees.md").length).toBeGreaterThan(15)
})
