import { flightsTable } from "../flights.ts"
import { runLaunch } from "../launch.ts"
import type { Contender } from "./Contender.ts"

/** The command as people type it, in a process of its own. Its time is the log's, from the launch to the swap. */
export const cutover: Contender = {
  name: "cutover launch",
  says: "the whole run by the log's times, from `run.launched` to `attach.completed`: the survey, the copy, its indexes, every row compared, statistics, and the swap. The command's own time has its start-up in it, and ANALYZE after the swap.",
  table: flightsTable,
  prepare: async () => {},
  run: async (copy) => {
    const { use, log } = await runLaunch(copy)
    const since = (kind: string): number => log.at(kind) - log.at("run.launched")
    return {
      ms: since("attach.completed"),
      process: use,
      parts: {
        "until the copy begins": since("prep.completed"),
        "until all is copied": since("copy.completed"),
        "until all is compared": since("validate.completed"),
        "the command as a whole": use.wallMs,
      },
    }
  },
}
