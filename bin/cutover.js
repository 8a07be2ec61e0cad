#!/usr/bin/env node
// The package ships dist; a checkout runs its sources, which Node 24 strips of their types itself.
import { existsSync } from "node:fs"
import { enableCompileCache } from "node:module"

const [major] = process.versions.node.split(".").map(Number)
if (major < 24) {
  process.stderr.write(
    `cutover needs Node 24 or later, and this is ${process.versions.node}.\n` +
      "In a checkout, npm scripts and npx bring the right one: npm run demo, npx cutover status\n",
  )
  process.exit(2)
}

enableCompileCache()

const source = new URL("../src/cli/main.ts", import.meta.url)
await import(existsSync(source) ? source.href : new URL("../dist/cli/main.js", import.meta.url).href)
