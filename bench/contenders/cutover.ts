import { runLaunch } from "../launch.ts"
import { assertPartitioned, source } from "../returns.ts"
import type { Contender } from "./Contender.ts"

export type OurOptions = { readonly parallel: number; readonly batchTarget: string; readonly nice?: boolean }

/** The part of its time that is compared with the bare script. */
export const copyAlone = "copy and indexes alone"

/** The command as people type it, in a process of its own. Its time is the log's, from the launch to the swap. */
export function cutover(options: OurOptions): Contender {
  return {
    kind: "cutover",
    name: options.nice === true ? "cutover launch --nice on" : `cutover launch, ${options.parallel} at once`,
    says: "the whole run by the log's times, from `run.launched` to `attach.completed`, with writes captured: the survey, the copy, its indexes, every row compared, statistics, and the swap. The command's own time has its start-up in it, and ANALYZE after the swap.",
    parallel: options.parallel,
    prepare: async () => {},
    run: async (copy) => {
      const { use, log } = await runLaunch(copy, options)
      const between = (from: string, to: string): number => log.at(to) - log.at(from)
      const copyMs = between("prep.completed", "copy.completed")
      return {
        ms: between("run.launched", "attach.completed"),
        process: use,
        parts: {
          [copyAlone]: copyMs - log.comparedMs / options.parallel,
          "preparation and survey": between("run.launched", "prep.completed"),
          "copy and indexes, with the comparisons among them": copyMs,
          "comparisons after the copy": between("copy.completed", "validate.completed"),
          "from the last comparison to the swap": between("validate.completed", "attach.completed"),
          "the command as a whole": use.wallMs,
        },
      }
    },
    check: async ({ client }, data) => await assertPartitioned(client, source, data),
  }
}
