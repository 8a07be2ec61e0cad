/**
 * What is to happen when a job's statement fails: it is tried again by itself, the run is paused with its reason, or it halts
 * and a person says `retry`.
 */
export type Action = "again" | "paused" | "halted"

/** How it fails: an error of the statement, or a FATAL one that ends the session. */
type Failing = { readonly fault: "raise" | "end"; readonly action: Action }

const again: Failing = { fault: "raise", action: "again" }
const ended: Failing = { fault: "end", action: "again" }
const paused: Failing = { fault: "raise", action: "paused" }
const halted: Failing = { fault: "raise", action: "halted" }

/** Written down here a second time, from the list of faults, and not taken from the program. */
export const sqlStates: Readonly<Record<string, Failing>> = {
  "55P03": again, // lock_not_available
  "40P01": again, // deadlock_detected
  "40001": again, // serialization_failure
  "57014": again, // query_canceled: a smaller batch
  "57P01": ended, // admin_shutdown
  "57P02": ended, // crash_shutdown
  "25P03": ended, // idle_in_transaction_session_timeout
  "57P03": ended, // cannot_connect_now
  "53300": ended, // too_many_connections
  "08006": again, // connection_failure
  "53200": again, // out_of_memory
  "25006": again, // read_only_sql_transaction
  "53100": paused, // disk_full
  "42P01": halted, // undefined_table
  "42703": halted, // undefined_column
  "0A000": halted, // cached plan must not change result type
  "23505": halted, // unique_violation
  "23514": halted, // check_violation
  "23502": halted, // not_null_violation
  "55000": halted, // object_not_in_prerequisite_state
  "22008": halted, // datetime_field_overflow
  "22P02": halted, // invalid_text_representation
  "42501": halted, // insufficient_privilege
  XX000: halted, // internal_error
}
