import type { Logger } from "pino"
import type { Database } from "../postgres/Database.ts"
import type { Queue } from "./Queue.ts"

/** What commands and workers work with. `actor` is who is at the keyboard, for the log: `user@host`. */
export type Services = {
  readonly database: Database
  readonly queue: Queue
  readonly logger: Logger
  readonly actor: string
  /** How long a command goes on trying when its connections break. */
  readonly patienceMs: number
}
