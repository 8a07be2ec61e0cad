import { z } from "zod"
import type { OptionFacts, OptionKind } from "./optionKinds.ts"
import {
  choice,
  columns,
  count,
  countOfCores,
  duration,
  orNone,
  size,
  statement,
  timeWindow,
  timezone,
  toggle,
  variable,
} from "./optionKinds.ts"
import { type RunOptions, runOptionsSchema } from "./runOptions.ts"

/** One option of a launch, as the command line, the environment, the configuration file and the help know it. */
export type LaunchOption = {
  /** Where its value goes. */
  readonly key: keyof RunOptions
  /** `batch-target` */
  readonly name: string
  /** `batchTarget`: its key in the configuration file, and in what the command line hands over. */
  readonly camelName: string
  /** `CUTOVER_BATCH_TARGET` */
  readonly variable: string
  /** `--batch-target <duration>` */
  readonly flag: string
  /** For the help: a sentence that says what it does, then what is allowed, then the default. */
  readonly description: string
  /** What is allowed, to follow "Allowed is". */
  readonly allowed: string
  readonly repeatable: boolean
  /** Whether `cutover set` may change it while the run lives. */
  readonly isLive: boolean
  /** The value that one text stands for; the schema is asked afterwards, a text that cannot be read throws. */
  readonly parse: (text: string) => unknown
}

type Row = {
  readonly flag: string
  readonly says: string
  readonly kind: OptionKind
  readonly repeatable?: boolean
  readonly isLive?: boolean
}

const rows: Record<keyof RunOptions, Row> = {
  interval: { flag: "--interval <interval>", says: "How much time one partition holds.", kind: choice },
  timezone: {
    flag: "--timezone <name>",
    says: "Where the days of a timestamptz key begin, and the hours of --attach-window.",
    kind: timezone,
  },
  monthsAhead: {
    flag: "--months-ahead <count>",
    says: "Partitions made for the intervals to come, with or without rows.",
    kind: count,
  },
  monthsBack: {
    flag: "--months-back <count>",
    says: "Partitions made for the intervals just past, with or without rows.",
    kind: count,
  },
  strategy: {
    flag: "--strategy <name>",
    says: "Copy the rows into months, or make the table as it is one partition of its history; auto copies.",
    kind: choice,
  },
  writes: { flag: "--writes <mode>", says: "What happens to live writes while the run lives.", kind: choice },
  attach: { flag: "--attach <mode>", says: "Swap the tables when all is ready, or when told to.", kind: choice },
  attachWindow: {
    flag: "--attach-window <hours>",
    says: "Swap only within these hours of the day, in --timezone.",
    kind: orNone(timeWindow),
    isLive: true,
  },
  fallbackWindowMs: {
    flag: "--fallback-window <duration>",
    says: "How long after the swap the legacy table is kept, and follows the new one for a rollback; 0 for no way back.",
    kind: duration,
  },
  dropLegacy: {
    flag: "--drop-legacy <mode>",
    says: "Drop the legacy table by command, or when the fallback window ends.",
    kind: choice,
  },
  parallel: {
    flag: "--parallel <count>",
    says: "How many partitions are copied at once.",
    kind: countOfCores,
    isLive: true,
  },
  batchTargetMs: {
    flag: "--batch-target <duration>",
    says: "How long one batch should take.",
    kind: duration,
    isLive: true,
  },
  maxReplicaLagMs: {
    flag: "--max-replica-lag <duration>",
    says: "Begin no batch while a replica is further behind.",
    kind: orNone(duration),
    isLive: true,
  },
  maxRowsPerSecond: {
    flag: "--max-rows-per-second <count>",
    says: "Copy no more rows than this per second, on average.",
    kind: orNone(count),
    isLive: true,
  },
  maxWalPerSecond: {
    flag: "--max-wal-per-second <size>",
    says: "Begin no batch while the server writes more WAL.",
    kind: orNone(size),
    isLive: true,
  },
  maxWaiting: {
    flag: "--max-waiting <count>",
    says: "Begin no batch while more sessions of the application wait for locks.",
    kind: orNone(count),
    isLive: true,
  },
  maxActive: {
    flag: "--max-active <count>",
    says: "Begin no batch while more sessions of the application are active.",
    kind: orNone(count),
    isLive: true,
  },
  throttleSql: {
    flag: "--throttle-sql <select>",
    says: "Begin no batch while this statement returns a number above zero, true, or a text.",
    kind: orNone(statement),
    isLive: true,
  },
  copyWindow: {
    flag: "--copy-window <hours>",
    says: "Copy and validate only within these hours of the day, in --timezone.",
    kind: orNone(timeWindow),
    isLive: true,
  },
  nice: {
    flag: "--nice <mode>",
    says: "Leave the other cores to the application: one connection, and no parallel workers of the server.",
    kind: toggle,
    isLive: true,
  },
  lockTimeoutMs: {
    flag: "--lock-timeout <duration>",
    says: "How long one attempt waits for a lock before it lets others pass and tries again.",
    kind: duration,
    isLive: true,
  },
  primaryKey: {
    flag: "--primary-key <mode>",
    says: "What to do where the primary key lacks the partition key.",
    kind: choice,
  },
  incomingFks: {
    flag: "--incoming-fks <mode>",
    says: "What to do with foreign keys of other tables that a partitioned table cannot have, because they lack the partition key.",
    kind: choice,
  },
  materializedViews: {
    flag: "--materialized-views <mode>",
    says: "What to do with materialized views of the table: they can only be made again at the swap, and read again once they are refreshed.",
    kind: choice,
  },
  nullKeys: { flag: "--null-keys <mode>", says: "What to do with rows that have no partition key.", kind: choice },
  requireEnv: {
    flag: "--require-env <name>",
    says: "Unless this variable is 1 in the environment, only build the indexes of --ensure-index.",
    kind: variable,
  },
  ensureIndexes: {
    flag: "--ensure-index <columns>",
    says: "Build this index first, concurrently, where it is missing; repeatable.",
    kind: columns,
    repeatable: true,
  },
}

const facts = z.toJSONSchema(runOptionsSchema, { io: "input" }).properties as Record<keyof RunOptions, OptionFacts>

/** All options of a launch, in the order of the help. The one table of them. */
export const launchOptions: readonly LaunchOption[] = Object.entries(rows).map(([key, row]) =>
  toLaunchOption(key as keyof RunOptions, row),
)

function toLaunchOption(
  key: keyof RunOptions,
  { flag, says, kind, repeatable = false, isLive = false }: Row,
): LaunchOption {
  const name = flag.slice(2, flag.indexOf(" "))
  const allowed = kind.allowed(facts[key])
  return {
    key,
    name,
    camelName: name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
    variable: `CUTOVER_${name.replaceAll("-", "_").toUpperCase()}`,
    flag,
    description: `${says} Allowed: ${allowed}. Default: ${kind.renderDefault(facts[key].default)}.`,
    allowed,
    repeatable,
    isLive,
    parse: kind.parse,
  }
}
