import { defineConfig } from "vitest/config"
import { totalsReporter } from "./test/support/totalsReporter.ts"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/globalSetup.ts"],
    pool: "forks",
    // Each fork drives a server of several processes; more forks than this only make timings worse.
    maxWorkers: 2,
    maxConcurrency: 4,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default", totalsReporter],
  },
})
