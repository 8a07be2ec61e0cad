import { execFile } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterEach, beforeEach, expect, it } from "vitest"
import { findConfigFile } from "../../src/config/findConfigFile.ts"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cutover-config-"))
})
afterEach(() => rm(folder, { recursive: true }))

const write = (name: string, text: string) => writeFile(join(folder, name), text)

it("finds nothing in an empty folder", async () => {
  expect(await findConfigFile(folder)).toBeUndefined()
})

it.each([
  ["cutover.config.json", '{ "parallel": 4 }'],
  ["cutover.config.js", "export default { parallel: 4 }"],
  ["cutover.config.ts", "const parallel: number = 4\nexport default { parallel }"],
])("reads %s", async (name, text) => {
  await write(name, text)
  expect(await findConfigFile(folder)).toEqual({ path: join(folder, name), values: { parallel: 4 } })
})

it.each([
  ["cutover.config.ts", "type Count = number\nexport default { parallel: 4 satisfies Count }"],
  ["cutover.config.js", "module.exports = { parallel: 4 }"],
])("reads %s under plain Node, without a build", async (name, text) => {
  await write(name, text)
  const module = new URL("../../src/config/findConfigFile.ts", import.meta.url).href
  const script = `const { findConfigFile } = await import(${JSON.stringify(module)})
    console.log(JSON.stringify((await findConfigFile(${JSON.stringify(folder)})).values))`
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script])
  expect(JSON.parse(stdout)).toEqual({ parallel: 4 })
})

it.each([
  ["that is no JSON", "cutover.config.json", "{ parallel: 4 }", "cannot be read"],
  ["that throws", "cutover.config.js", "throw new Error('no such secret')", "cannot be read: no such secret"],
  ["that throws what is no error", "cutover.config.js", "throw Object.create(null)", "cannot be read"],
  [
    "with a getter that throws",
    "cutover.config.js",
    "export default { get parallel() { throw new Error('no such secret') } }",
    "cannot be read: no such secret",
  ],
  ["without a default export", "cutover.config.js", "export const parallel = 4", "holds no object"],
  ["with a list", "cutover.config.json", "[4]", "holds no object"],
])("refuses a file %s, and names it", async (_, name, text, message) => {
  await write(name, text)
  const error = expect.objectContaining({ code: "CUTOVER_CONFIG_INVALID", message: expect.stringContaining(message) })
  await expect(findConfigFile(folder)).rejects.toThrow(error)
  await expect(findConfigFile(folder)).rejects.toThrow(join(folder, name))
})

it("refuses two files, of which one would go unread", async () => {
  await write("cutover.config.ts", "export default {}")
  await write("cutover.config.json", "{}")
  const both = `${join(folder, "cutover.config.ts")} and ${join(folder, "cutover.config.json")}`
  await expect(findConfigFile(folder)).rejects.toThrow(`There are two configuration files, ${both}.`)
})
