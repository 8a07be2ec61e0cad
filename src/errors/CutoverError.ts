import { errorCodes, type ErrorCode } from "./codes.ts"

export type ErrorFacts = {
  /** What stopped, with its facts. One sentence. */
  readonly message: string
  /** What state the data is in. One sentence. */
  readonly state: string
  /** What to do next. One sentence. */
  readonly hint: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** The error as `--json` prints it under `error`, and as a halted run keeps it. */
export type ErrorDocument = {
  readonly code: ErrorCode
  readonly message: string
  readonly state: string
  readonly hint: string
  readonly details: Readonly<Record<string, unknown>>
}

/** An error that a person is meant to read: what stopped, what state the data is in, what to do. */
export class CutoverError extends Error {
  readonly code: ErrorCode
  readonly state: string
  readonly hint: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, facts: ErrorFacts) {
    super(facts.message, { cause: facts.cause })
    this.name = "CutoverError"
    this.code = code
    this.state = facts.state
    this.hint = facts.hint
    this.details = facts.details ?? {}
  }

  get exitCode(): number {
    return errorCodes[this.code].exit
  }

  toDocument(): ErrorDocument {
    return { code: this.code, message: this.message, state: this.state, hint: this.hint, details: this.details }
  }
}

export const nothingChanged = "Nothing was changed."
