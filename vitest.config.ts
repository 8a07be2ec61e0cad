import { defineConfig } from "vitest/config"
import { totalsReporter } from "./test/support/totalsReporter.ts"

export default defineConfig({
  test: {
    globalSetup: ["test/support/globalSetup.ts"],
    pool: "forks",
    // Each fork drives a server of several processes; more forks than this only make timings worse.
    maxWorkers: 2,
    maxConcurrency: 4,
    // A slow machine is no failure: what hangs, hangs for longer than this.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    reporters: ["default", totalsReporter],
    projects: [
      { extends: true, test: { name: "tests", include: ["test/**/*.test.ts"] } },
      // It kills, cuts off and fills up servers: by itself, when all else is done.
      { extends: true, test: { name: "torture", include: ["torture/*.test.ts"], sequence: { groupOrder: 1 } } },
    ],
  },
})
