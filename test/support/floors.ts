import { findCircles } from "./circles.ts"
import { importsOf, isRelative, packageOf, resolveImport } from "./imports.ts"

/** Files under `src`: path relative to it, with forward slashes, to text. */
export type SourceTree = ReadonlyMap<string, string>

type Floor = {
  readonly rooms: readonly string[]
  /** `stacked`: a room may import the rooms before it. `apart`: rooms of the floor do not know each other. */
  readonly within: "stacked" | "apart"
}

/** The house from the ground up: imports go to the own room, or downward. */
export const floors: readonly Floor[] = [
  { rooms: ["errors", "domain", "log", "config"], within: "stacked" },
  { rooms: ["machine", "postgres", "embedded"], within: "apart" },
  { rooms: ["store"], within: "apart" },
  { rooms: ["steps"], within: "apart" },
  { rooms: ["runtime"], within: "apart" },
  { rooms: ["web", "cli", "index.ts"], within: "stacked" },
]

/** The packages that only some files may import. */
const packageHomes: Readonly<Record<string, RegExp>> = {
  pg: /^(postgres|embedded)\/|^runtime\/queue[^/]*\.ts$|(^|\/)demo/i,
  "pg-boss": /^runtime\//,
  xstate: /^machine\//,
}

/** What the pure statechart may know. */
const machineMayImport = { rooms: ["machine", "domain", "errors", "log"], packages: ["xstate"] }

/** Every breach of the house rules in a tree of sources, one sentence each; empty when the house stands. */
export function findBreaches(tree: SourceTree): string[] {
  const files = [...tree.keys()].toSorted()
  return [
    ...files.filter((file) => findPlace(file) === undefined).map((file) => `${file} belongs to no room of the house`),
    ...files.filter(isBarrel).map((file) => `${file} is a barrel: import the file that has the thing`),
    ...files.flatMap((file) => importsOf(tree.get(file)!).flatMap((specifier) => breachesOfImport(file, specifier))),
    ...findCircles(readGraph(tree)).map((circle) => `circle: ${circle.join(" → ")}`),
  ]
}

function isBarrel(file: string): boolean {
  return /\/index\.tsx?$/.test(file)
}

function breachesOfImport(file: string, specifier: string): string[] {
  return isRelative(specifier) ? breachesOfRelative(file, specifier) : breachesOfPackage(file, specifier)
}

function breachesOfRelative(file: string, specifier: string): string[] {
  const imported = resolveImport(file, specifier)
  const breaches: string[] = []
  if (!/\.tsx?$/.test(specifier)) breaches.push(`${file} imports "${specifier}", which does not end in .ts`)
  if (imported.startsWith("../")) breaches.push(`${file} imports "${specifier}", which is outside of src`)
  else if (isUpward(file, imported)) breaches.push(`${file} imports ${imported}, which is not below it`)
  else if (roomOf(file) === "machine" && !machineMayImport.rooms.includes(roomOf(imported))) {
    breaches.push(`${file} imports ${imported}, but the machine knows only itself, the domain, errors and the log`)
  }
  return breaches
}

function breachesOfPackage(file: string, specifier: string): string[] {
  const name = packageOf(specifier)
  if (packageHomes[name]?.test(file) === false) return [`${file} imports ${name}, which is not for this room`]
  if (roomOf(file) === "machine" && !machineMayImport.packages.includes(name)) {
    return [`${file} imports ${name}, but the machine is pure`]
  }
  return []
}

function isUpward(from: string, to: string): boolean {
  const [here, there] = [findPlace(from), findPlace(to)]
  if (here === undefined || there === undefined || here.room === there.room) return false
  if (here.floor !== there.floor) return there.floor > here.floor
  return here.within === "apart" || there.position > here.position
}

function findPlace(file: string) {
  const room = roomOf(file)
  const floor = floors.findIndex(({ rooms }) => rooms.includes(room))
  const found = floors[floor]
  return found && { room, floor, within: found.within, position: found.rooms.indexOf(room) }
}

/** The folder under `src` that a file is in; for a file that lies in `src` itself, its name. */
function roomOf(file: string): string {
  return file.split("/")[0]!
}

function readGraph(tree: SourceTree): Map<string, string[]> {
  return new Map(
    [...tree].map(([file, text]) => [
      file,
      importsOf(text)
        .filter(isRelative)
        .map((specifier) => resolveImport(file, specifier))
        .filter((imported) => tree.has(imported)),
    ]),
  )
}
