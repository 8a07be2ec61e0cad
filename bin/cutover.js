#!/usr/bin/env node
// The package ships dist; a checkout runs its sources, which Node 24 strips of their types itself.
import { existsSync } from "node:fs"
import { enableCompileCache } from "node:module"
import { setFlagsFromString } from "node:v8"

const [major] = process.versions.node.split(".").map(Number)
if (major < 24) {
  process.stderr.write(
    `cutover needs Node 24 or later, and this is ${process.versions.node}.\n` +
      "In a checkout, npm scripts and npx bring the right one: npm run demo, npx cutover status\n",
  )
  process.exit(2)
}

enableCompileCache()
// New objects get 2 MB. V8 would let that grow to 134 MB within minutes, for speed that a process which waits for its database
// has no use for; what lives longer are 20 MB.
setFlagsFromString("--semi-space-growth-factor=1")

const source = new URL("../src/cli/main.ts", import.meta.url)
await import(existsSync(source) ? source.href : new URL("../dist/cli/main.js", import.meta.url).href)
