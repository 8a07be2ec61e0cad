import { z } from "zod"
import { intervals } from "../domain/interval.ts"
import { isTimezone } from "./isTimezone.ts"

const dayMs = 24 * 3600 * 1000

const timeWindowSchema = z.strictObject({ from: z.int().min(0).max(1439), to: z.int().min(0).max(1439) })

/** What a run was launched with; stored with it. Durations are milliseconds. */
export const runOptionsSchema = z.strictObject({
  interval: z.enum(intervals).default("month"),
  timezone: z.string().refine(isTimezone).default("UTC"),
  monthsAhead: z.int().min(0).max(120).default(5),
  monthsBack: z.int().min(0).max(120).default(1),
  strategy: z.enum(["auto", "copy", "relabel"]).default("auto"),
  writes: z.enum(["capture", "block"]).default("capture"),
  attach: z.enum(["auto", "manual"]).default("auto"),
  attachWindow: timeWindowSchema.nullable().default(null),
  fallbackWindowMs: z
    .int()
    .min(0)
    .max(365 * dayMs)
    .default(7 * dayMs),
  dropLegacy: z.enum(["manual", "auto"]).default("manual"),
  /** Null until a run is launched, which looks how many cores the server has. */
  parallel: z.int().min(1).max(64).nullable().default(null),
  batchTargetMs: z.int().min(10).max(25_000).default(1000),
  maxReplicaLagMs: z
    .int()
    .min(100)
    .max(24 * 3600 * 1000)
    .nullable()
    .default(10_000),
  maxRowsPerSecond: z.int().min(100).max(1_000_000_000).nullable().default(null),
  maxWalPerSecond: z
    .int()
    .min(1024 ** 2)
    .max(1024 ** 4)
    .nullable()
    .default(null),
  maxWaiting: z.int().min(0).max(10_000).nullable().default(null),
  maxActive: z.int().min(0).max(10_000).nullable().default(null),
  throttleSql: z.string().min(1).nullable().default(null),
  copyWindow: timeWindowSchema.nullable().default(null),
  nice: z.boolean().default(false),
  lockTimeoutMs: z.int().min(10).max(900).default(100),
  primaryKey: z.enum(["extend", "refuse"]).default("extend"),
  incomingFks: z.enum(["refuse", "drop"]).default("refuse"),
  materializedViews: z.enum(["refuse", "recreate"]).default("refuse"),
  nullKeys: z.enum(["refuse", "default-partition"]).default("refuse"),
  requireEnv: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .nullable()
    .default(null),
  ensureIndexes: z.array(z.array(z.string()).min(1)).default([]),
})

export type RunOptions = z.infer<typeof runOptionsSchema>

/** The options as callers give them: those left out take their defaults. */
export type RunOptionsInput = z.input<typeof runOptionsSchema>
