import type { LaunchInput } from "../../test/support/runs.ts"
import { createDatabase } from "../../test/support/database.ts"
import type { Scenario } from "../Scenario.ts"
import { parseMoments } from "../faults/Moment.ts"
import { liveAndDie } from "../faults/chain.ts"
import { judgeRun } from "../faults/judgeRun.ts"
import { liveHereWith } from "../faults/lives.ts"
import { renderMissed } from "../faults/missed.ts"
import { dealOut } from "../faults/planMoments.ts"
import { recordingOf } from "../faults/recording.ts"
import { createSmallTable, relabelInput, splitInput, startSlowWriters } from "../faults/smallTable.ts"

/** A run is short, and one death in a few dozen statements leaves something of it between two. */
const deathsPerRun = 24

/** A worker is killed before, and after, each statement while a table becomes its own first partition. */
export const relabel: Scenario = dyingIn(relabelInput, {
  name: "relabel",
  says: "a worker dies before and after each statement of a run with --strategy relabel; the next one goes on",
})

/** The same while that partition becomes months. */
export const split: Scenario = dyingIn(splitInput, {
  name: "split",
  says: "a worker dies before and after each statement of the run of a partition; the next one goes on",
})

function dyingIn(input: LaunchInput, { name, says }: Pick<Scenario, "name" | "says">): Scenario {
  return {
    id: "A1",
    name,
    says,
    // Most of the statements are those of `kill`.
    seeds: { quick: 2, usual: Infinity, full: Infinity },
    isDurable: false,
    atOnce: 2,
    plan: async (server, options) => {
      const { statements } = await recordingOf(server, input)
      return { cases: dealOut(statements, options, { perRun: deathsPerRun }), failures: [] }
    },
    run: async (server, seed, { at = "" }) => {
      const recording = await recordingOf(server, input)
      await using database = await createDatabase(name, server.url)
      await createSmallTable(database, input)
      await using writers = await startSlowWriters(database, seed)
      const moments = parseMoments(at)
      const live = liveHereWith.bind(null, input)
      const { deaths, missed } = await liveAndDie(database, moments, live)
      return await judgeRun(database, {
        writers,
        recording,
        counts: { faults: deaths, missed: missed.length },
        failures: renderMissed(missed.length, moments.length),
      })
    },
  }
}
