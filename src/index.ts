/**
 * What a program may use: open the services of a database, launch and steer runs, work them, and read where they are.
 * The command line is built from the same parts.
 */
export { type RunOptions, type RunOptionsInput, runOptionsSchema } from "./config/runOptions.ts"
export type { Control, PartitionState, PartitionStatus, RunState, Status, StepName } from "./domain/status.ts"
export { type TableName, parseTableName, renderTableName } from "./domain/tableName.ts"
export { CutoverError, type ErrorDocument } from "./errors/CutoverError.ts"
export { type ErrorCode, errorCodes } from "./errors/codes.ts"
export { createLogger } from "./log/createLogger.ts"
export type { LogRecord, RecordKind } from "./log/records.ts"
export { Worker, type WorkerOptions } from "./runtime/Worker.ts"
export { abort } from "./runtime/commands/abort.ts"
export { openGate } from "./runtime/commands/attach.ts"
export { type CleanupRequest, cleanupNow } from "./runtime/commands/cleanup.ts"
export { type LaunchRequest, launch } from "./runtime/commands/launch.ts"
export { type PauseRequest, pause } from "./runtime/commands/pause.ts"
export { resume } from "./runtime/commands/resume.ts"
export { retry } from "./runtime/commands/retry.ts"
export { findRunByReference } from "./runtime/findRun.ts"
export { type OpenServices, type ServicesConfig, openServices } from "./runtime/openServices.ts"
export { readRecords } from "./store/log.ts"
export type { Run } from "./store/runs.ts"
export { readStatus, readStatuses } from "./store/status.ts"
