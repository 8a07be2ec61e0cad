/** The exit codes of the command line; `docs/errors.md` and the interface explain them. */
export const exitCodes = {
  done: 0,
  bug: 1,
  usage: 2,
  refused: 3,
  different: 4,
  halted: 5,
  unreachable: 6,
  timeLimit: 7,
  busy: 8,
  confirmation: 9,
} as const

type Exit = (typeof exitCodes)[keyof typeof exitCodes]

/**
 * Every code that a person or a script can meet, with the exit code it leads to and what it means.
 * `docs/errors.md` is written from this table, and a test holds the two together.
 */
export const errorCodes = {
  CUTOVER_BUG: {
    exit: exitCodes.bug,
    meaning: "Something happened that this program does not expect. Please report it.",
  },
  CUTOVER_USAGE: { exit: exitCodes.usage, meaning: "The command was called in a way it does not understand." },
  CUTOVER_CONFIG_INVALID: {
    exit: exitCodes.usage,
    meaning: "An option, an environment variable or the configuration file has a value that is not allowed.",
  },
  CUTOVER_TABLE_UNKNOWN: { exit: exitCodes.usage, meaning: "The database has no table of that name." },
  CUTOVER_COLUMN_UNKNOWN: { exit: exitCodes.usage, meaning: "The table has no column of that name." },
  CUTOVER_RUN_UNKNOWN: {
    exit: exitCodes.usage,
    meaning: "There is no run of that id, and none of a table of that name.",
  },
  CUTOVER_PARTITION_UNKNOWN: { exit: exitCodes.usage, meaning: "The run has no partition of that label." },
  CUTOVER_STEP_NOT_ALLOWED: {
    exit: exitCodes.usage,
    meaning: "The run is in a state in which this command makes no sense.",
  },
  CUTOVER_EMBEDDED_MISSING: {
    exit: exitCodes.usage,
    meaning: "No PostgreSQL binaries for this machine are installed beside this program.",
  },

  CUTOVER_SERVER_TOO_OLD: { exit: exitCodes.refused, meaning: "PostgreSQL is older than 14." },
  CUTOVER_POOLER_IN_TRANSACTION_MODE: {
    exit: exitCodes.refused,
    meaning: "A connection pooler in transaction mode stands between this program and the server.",
  },
  CUTOVER_SCHEMA_VERSION: {
    exit: exitCodes.refused,
    meaning: "The schema `cutover` was made by another major version.",
  },
  CUTOVER_NOT_A_PLAIN_TABLE: {
    exit: exitCodes.refused,
    meaning: "Only an ordinary table can be cut over; not a view, a foreign or a temporary table.",
  },
  CUTOVER_ALREADY_PARTITIONED: { exit: exitCodes.refused, meaning: "The table is partitioned already." },
  CUTOVER_INHERITANCE: {
    exit: exitCodes.refused,
    meaning: "The table has parents or children by inheritance, or is typed.",
  },
  CUTOVER_KEY_TYPE: {
    exit: exitCodes.refused,
    meaning: "The partition key must be a date, a timestamp or a timestamptz.",
  },
  CUTOVER_KEY_GENERATED: { exit: exitCodes.refused, meaning: "A generated column cannot be the partition key." },
  CUTOVER_KEY_NULLS: {
    exit: exitCodes.refused,
    meaning: "Rows have no partition key, and no default partition was asked for.",
  },
  CUTOVER_KEY_OUT_OF_BOUNDS: {
    exit: exitCodes.refused,
    meaning: "Partition keys are infinite, or so far away that they look like mistakes.",
  },
  CUTOVER_RELABEL_REFUSED: {
    exit: exitCodes.refused,
    meaning: "The table cannot become a partition as it is (--strategy relabel).",
  },
  CUTOVER_SPLIT_REFUSED: {
    exit: exitCodes.refused,
    meaning: "The partition cannot be split into months as it is.",
  },
  CUTOVER_RELABEL_BOUNDARY: {
    exit: exitCodes.refused,
    meaning: "Where the history of --strategy relabel ends: until the swap, rows past it are refused.",
  },
  CUTOVER_KEY_OUTLIERS: {
    exit: exitCodes.refused,
    meaning: "Some partition keys are decades away from all the others, and get partitions of their own.",
  },
  CUTOVER_TIMEOUTS: {
    exit: exitCodes.refused,
    meaning: "Timeouts of the server and of the run are not in the order that keeps the application from losing by us.",
  },
  CUTOVER_GAPS: {
    exit: exitCodes.refused,
    meaning: "Between the partitions are stretches of time without one; a row that comes there after the swap fails.",
  },
  CUTOVER_TOO_MANY_PARTITIONS: {
    exit: exitCodes.refused,
    meaning: "The interval is so short that there would be more partitions than a server plans for with ease.",
  },
  CUTOVER_LOCK_TABLE: {
    exit: exitCodes.refused,
    meaning: "How many locks a statement over all partitions takes, and how many the server has room for.",
  },
  CUTOVER_KEY_WIDENED: {
    exit: exitCodes.refused,
    meaning:
      "The primary key gets the partition key added, which changes what it keeps unique and what ON CONFLICT finds.",
  },
  CUTOVER_ROWS_MOVE: {
    exit: exitCodes.refused,
    meaning: "An UPDATE that carries a row to another partition fires triggers for DELETE and INSERT.",
  },
  CUTOVER_DISK_SPACE: {
    exit: exitCodes.refused,
    meaning: "There is too little room for the new table beside the old one.",
  },
  CUTOVER_WAL_RETAINED: {
    exit: exitCodes.refused,
    meaning: "A replication slot is behind, and retains all the WAL that a run writes.",
  },
  CUTOVER_REPLICA_LAG: { exit: exitCodes.refused, meaning: "Replicas are behind, or commits wait for them." },
  CUTOVER_REPLICA_FEEDBACK: {
    exit: exitCodes.refused,
    meaning: "A replica does not tell of its snapshots, so the swap cannot wait for a report that runs there.",
  },
  CUTOVER_LONG_TRANSACTION: {
    exit: exitCodes.refused,
    meaning: "Transactions have been open for long, or are prepared; the swap waits for them.",
  },
  CUTOVER_WRAPAROUND: {
    exit: exitCodes.refused,
    meaning: "The table will soon be vacuumed against wraparound, or is just now; such a vacuum does not step aside.",
  },
  CUTOVER_TEMP_FILES: {
    exit: exitCodes.refused,
    meaning: "A limit on temporary files may stop index builds, and statements that write many rows at once.",
  },
  CUTOVER_CONNECTIONS: { exit: exitCodes.refused, meaning: "Few connections are free." },
  CUTOVER_CLOCK_SKEW: {
    exit: exitCodes.refused,
    meaning: "The clocks of this machine and of the server differ.",
  },
  CUTOVER_PRIVILEGE: {
    exit: exitCodes.refused,
    meaning: "The role lacks a privilege that the run needs, or our schemas belong to a role that it must not trust.",
  },
  CUTOVER_RUN_OPEN: { exit: exitCodes.refused, meaning: "A run of this table is open already." },
  CUTOVER_SCAFFOLD_DIFFERS: {
    exit: exitCodes.refused,
    meaning: "A table of the target's name exists and does not fit.",
  },
  CUTOVER_NAME_TAKEN: { exit: exitCodes.refused, meaning: "Something else has a name that the run needs." },
  CUTOVER_UNIQUE_WITHOUT_KEY: {
    exit: exitCodes.refused,
    meaning: "A unique constraint or index lacks the partition key, so it cannot exist on the partitioned table.",
  },
  CUTOVER_PRIMARY_KEY_REFUSED: {
    exit: exitCodes.refused,
    meaning: "The primary key lacks the partition key, and extending it was refused.",
  },
  CUTOVER_INDEX_INVALID: {
    exit: exitCodes.refused,
    meaning: "An index of the table is invalid, as a CREATE INDEX CONCURRENTLY that failed leaves it.",
  },
  CUTOVER_EXCLUSION_CONSTRAINT: {
    exit: exitCodes.refused,
    meaning:
      "An exclusion constraint that a partitioned table cannot have: it must compare the partition key for equality, and needs PostgreSQL 17.",
  },
  CUTOVER_CHECK_NO_INHERIT: {
    exit: exitCodes.refused,
    meaning: "A CHECK is marked NO INHERIT, which a partitioned table cannot have.",
  },
  CUTOVER_FOREIGN_KEY_NOT_VALID: {
    exit: exitCodes.refused,
    meaning:
      "A foreign key of the table was never validated; before PostgreSQL 18 a partitioned table cannot have such a key.",
  },
  CUTOVER_FOREIGN_KEY_UNLOGGED: {
    exit: exitCodes.refused,
    meaning: "A foreign key points to an unlogged table; a partitioned table counts as permanent, and may not do so.",
  },
  CUTOVER_MATERIALIZED_VIEW: {
    exit: exitCodes.refused,
    meaning:
      "A materialized view reads the table; it can only be made again, which was not accepted, or something reads it in turn.",
  },
  CUTOVER_ROW_TRIGGER_TRANSITION: {
    exit: exitCodes.refused,
    meaning: "A row trigger uses transition tables, which PostgreSQL does not allow on partitions.",
  },
  CUTOVER_EXTENSION_MEMBER: { exit: exitCodes.refused, meaning: "The table belongs to an extension." },
  CUTOVER_SECURITY_LABEL: {
    exit: exitCodes.refused,
    meaning: "The table has a security label, which only its provider can give to another table.",
  },
  CUTOVER_SUBSCRIBED: {
    exit: exitCodes.refused,
    meaning: "The table is the target of a logical replication subscription, which knows it by its OID.",
  },
  CUTOVER_ACCESS_METHOD: {
    exit: exitCodes.refused,
    meaning: "The table is not stored as a heap, whose blocks the copy goes by.",
  },
  CUTOVER_INCOMING_KEY: {
    exit: exitCodes.refused,
    meaning: "A foreign key of another table points to columns that a partitioned table cannot keep unique.",
  },
  CUTOVER_ROW_TYPE_USED: {
    exit: exitCodes.refused,
    meaning: "Something is declared with the table's row type, which stays with the old table.",
  },
  CUTOVER_PUBLISHED_BY_SCHEMA: {
    exit: exitCodes.refused,
    meaning: "A publication publishes all tables of the schema, so also partitions while they are filled.",
  },
  CUTOVER_NO_IDENTITY: {
    exit: exitCodes.refused,
    meaning:
      "The table has no primary key and no unique not-null index, so that captured writes could not name their rows.",
  },
  CUTOVER_NO_WAY_BACK: {
    exit: exitCodes.refused,
    meaning:
      "The run keeps no way back: it was launched without a fallback window, or its table has no key, or a deferrable one.",
  },
  CUTOVER_ROLLBACK_AHEAD: {
    exit: exitCodes.refused,
    meaning:
      "After --strategy relabel, too many rows came past the end of the history to be moved back under the lock.",
  },
  CUTOVER_ROLLBACK_UNHELD: {
    exit: exitCodes.refused,
    meaning: "Rows written since the swap do not fit into the legacy table, whose keys are stricter.",
  },

  CUTOVER_DIFFERENT: { exit: exitCodes.different, meaning: "Source and target differ." },
  CUTOVER_HALTED: { exit: exitCodes.halted, meaning: "The run stopped at an error that needs a person." },
  CUTOVER_SOURCE_CHANGED: { exit: exitCodes.halted, meaning: "The table's definition changed while the run was open." },
  CUTOVER_SNAPSHOT_UNKNOWN: {
    exit: exitCodes.halted,
    meaning: "The stored state of a run was written by a version that this one does not understand.",
  },
  CUTOVER_CAPTURE_BROKEN: {
    exit: exitCodes.halted,
    meaning: "The trigger that captures or refuses writes was dropped, disabled or changed while the run was open.",
  },
  CUTOVER_OUTCOME_UNKNOWN: {
    exit: exitCodes.halted,
    meaning: "It cannot be told whether a transaction was committed.",
  },
  CUTOVER_LEGACY_IN_USE: {
    exit: exitCodes.halted,
    meaning: "Something still depends on the legacy table, so it was not dropped.",
  },
  CUTOVER_EMBEDDED_SERVER: {
    exit: exitCodes.unreachable,
    meaning: "The embedded PostgreSQL server could not be created, started or stopped.",
  },
  CUTOVER_UNREACHABLE: { exit: exitCodes.unreachable, meaning: "The database cannot be reached." },
  CUTOVER_READ_ONLY: {
    exit: exitCodes.unreachable,
    meaning: "The server is read-only; it is a standby, or was made one.",
  },
  CUTOVER_ROLLBACK_OUTRUN: {
    exit: exitCodes.timeLimit,
    meaning: "Writers change rows faster than a rollback brings the legacy table up to date.",
  },
  CUTOVER_TIME_LIMIT: { exit: exitCodes.timeLimit, meaning: "Something was waited for longer than allowed." },
  CUTOVER_RUN_BUSY: { exit: exitCodes.busy, meaning: "Another worker is working the run right now." },
  CUTOVER_CONFIRMATION_NEEDED: {
    exit: exitCodes.confirmation,
    meaning: "The command destroys something and wants the table's name typed as a confirmation.",
  },
  CUTOVER_FALLBACK_OPEN: {
    exit: exitCodes.confirmation,
    meaning: "The fallback window is still open; dropping the legacy table now wants a reason.",
  },
} as const satisfies Record<string, { exit: Exit; meaning: string }>

export type ErrorCode = keyof typeof errorCodes
