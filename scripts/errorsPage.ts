import { type ErrorCode, errorCodes, exitCodes } from "../src/errors/codes.ts"

/** The whole of docs/errors.md. */
export function renderErrorsPage(): string {
  const exits = [...new Set(Object.values(errorCodes).map((one) => one.exit))].toSorted((a, b) => a - b)
  return [introduction, renderExitCodes(), ...exits.map(renderExit)].join("\n")
}

const introduction = `# Errors

This page is generated from \`src/errors/codes.ts\` by \`npm run errors\`; a test fails when it is stale.

Every error says what stopped, with its facts; what state the data is in; and what to do next. It ends with a stable code,
which is explained here. With \`--json\` an error is one line on stderr:

\`\`\`json
{"error": {"code": "CUTOVER_RUN_UNKNOWN", "message": "…", "state": "…", "hint": "…", "details": {}}}
\`\`\`

A run that stopped keeps its error: \`cutover status\` shows it, and \`status --json\` has it under \`run.error\`.
`

/** What each exit code tells the caller. 130 and 143 are set where signals are heard. */
const exitMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  done: "Done, or nothing to do.",
  bug: "A bug of ours.",
  usage: "Wrong use or configuration; nothing was changed.",
  refused: "Refused by preflight; nothing was changed.",
  different: "Source and target differ.",
  halted: "The run halted; a person is needed.",
  unreachable: "The database is unreachable or read-only; try again.",
  timeLimit: "Something was waited for longer than allowed.",
  busy: "The run is someone else's to work right now.",
  confirmation: "A confirmation is needed.",
}

function renderExitCodes(): string {
  const rows = Object.entries(exitMeanings).map(
    ([name, meaning]) => `| ${exitCodes[name as keyof typeof exitCodes]} | ${meaning} |`,
  )
  return `## Exit codes

| code | meaning |
|---|---|
${rows.join("\n")}
| 130, 143 | Stopped by a signal (Ctrl-C, SIGTERM), cleanly; \`cutover resume\` goes on. |
`
}

function renderExit(exit: number): string {
  const [name] = Object.entries(exitCodes).find(([, code]) => code === exit) ?? []
  if (name === undefined) throw new Error(`exit code ${exit} has no name`)
  const codes = (Object.keys(errorCodes) as ErrorCode[]).filter((code) => errorCodes[code].exit === exit)
  return `## Exit code ${exit}: ${exitMeanings[name as keyof typeof exitCodes].replace(/\.$/, "")}\n\n${codes.map(renderCode).join("\n")}`
}

function renderCode(code: ErrorCode): string {
  return `<a id="${code}"></a>

### ${code}

Exit code ${errorCodes[code].exit}. ${errorCodes[code].meaning}

${whatToDo[code]}
`
}

/** What to do about each code, for somebody who has its message before them. */
const whatToDo: Readonly<Record<ErrorCode, string>> = {
  CUTOVER_BUG:
    "Call the command again with `--verbose`, and report what it shows. What was committed is kept; `cutover status` shows where the run stands, and `cutover resume` may well go on.",
  CUTOVER_USAGE: "See `cutover --help`, or `cutover <command> --help` for one command's arguments and options.",
  CUTOVER_CONFIG_INVALID:
    "The message names the option, its value and where it came from: a flag, a `CUTOVER_*` variable, `cutover.config.*`, or the address of the database. The hint says what is allowed.",
  CUTOVER_TABLE_UNKNOWN:
    'Check the database, the schema and the spelling. A name with capitals or blanks is quoted as in SQL: `\'"Sales"."Returns"\'`.',
  CUTOVER_COLUMN_UNKNOWN: "The hint lists the columns of the table that could be a partition key.",
  CUTOVER_RUN_UNKNOWN:
    "`cutover status` lists the runs of this database. Check that the command is connected to the right one.",
  CUTOVER_PARTITION_UNKNOWN: "`cutover status <run>` shows the run's partitions with their labels, such as `2025-11`.",
  CUTOVER_STEP_NOT_ALLOWED:
    "The message says where the run is, and the hint what can be done there: `abort` only before the swap, `rollback` and `cleanup` only after it, none of them on a run that is finished.",
  CUTOVER_EMBEDDED_MISSING:
    "Install again without `--omit=optional`, or give a database of your own with `--database-url`. There are binaries for Linux (glibc) and macOS, on x64 and arm64.",

  CUTOVER_SERVER_TOO_OLD: "Upgrade the server first: reading a table by ranges of blocks needs PostgreSQL 14.",
  CUTOVER_POOLER_IN_TRANSACTION_MODE:
    "Connect to the server directly, or through a pool in session mode: advisory locks, settings and LISTEN must stay with the session.",
  CUTOVER_SCHEMA_VERSION:
    "Finish the runs with the version of pg-cutover that made the schema; then drop the schemas `cutover` and `cutover_jobs` with that version's runs in them, and launch anew.",
  CUTOVER_NOT_A_PLAIN_TABLE: "Name the table itself: the one below the view, or the one on the foreign server.",
  CUTOVER_ALREADY_PARTITIONED: "Nothing is to be done for this table. Check the name if another one was meant.",
  CUTOVER_INHERITANCE:
    "Dissolve the tie first (`ALTER TABLE … NO INHERIT`, `DETACH PARTITION`, `NOT OF`), or name the table that is meant.",
  CUTOVER_KEY_TYPE: "Name another column with `--by`, or give the table a column of one of these types first.",
  CUTOVER_KEY_GENERATED: "Name the column that it is generated from, if that is a date or a timestamp.",
  CUTOVER_KEY_NULLS:
    "Give these rows a key, or launch with `--null-keys default-partition`, which keeps them in a partition of their own.",
  CUTOVER_KEY_OUT_OF_BOUNDS:
    "Correct the rows that the message names. No partition can be made for infinity, for dates before the year 1, or for the year 9999.",
  CUTOVER_SPLIT_REFUSED:
    "The message says what of the partition, or of the table that it belongs to, stands in the way, and the hint what to do about it. Detached, the partition is a table of its own, which can be cut over like any.",
  CUTOVER_RELABEL_REFUSED:
    "The message says what of the table a partition cannot have, or what ATTACH could only make by reading the table under the lock. Take it away, or launch without `--strategy relabel`: a copy can do most of it.",
  CUTOVER_RELABEL_BOUNDARY:
    "A warning with the date from which real partitions begin. Between prep and the swap the table refuses rows at or past it, and rows without a key. Where it blocks: the last key could only be found by reading the table, so let `--ensure-index` build an index that begins with the partition key.",
  CUTOVER_KEY_OUTLIERS:
    "A warning of `cutover plan`. Look at the rows that the hint selects: a year typed wrong gets a partition of its own, and correcting it later moves the row.",
  CUTOVER_TIMEOUTS:
    "Set what the message names back to its place in the order: `deadlock_timeout` well above 10 ms, the shortest wait for a lock that there is (its own value is a second), `--batch-target` below `statement_timeout`.",
  CUTOVER_GAPS:
    "A warning of `cutover plan`, and of `cutover doctor` while a swapped run is open. Up to 24 months without rows between others get partitions, and up to six between the last row and today; a wider gap gets none. Make partitions there where rows may come, or correct lone rows far off before the launch.",
  CUTOVER_TOO_MANY_PARTITIONS:
    "Launch with a longer `--interval`; the hint names the shortest one that makes fewer than 500. From 500 on it is a warning.",
  CUTOVER_LOCK_TABLE:
    "A warning where a few statements that read all partitions would fill the lock table: raise `max_locks_per_transaction`, or choose a longer interval.",
  CUTOVER_KEY_WIDENED:
    "A warning: a partitioned table can keep only those keys unique that hold the partition key. The hint says how upserts are to be written; the message names the functions, and with pg_stat_statements the statements, that have one.",
  CUTOVER_ROWS_MOVE:
    "A warning: look at the row triggers that the message names, if the application ever updates the partition key.",
  CUTOVER_DISK_SPACE:
    "Make room. PostgreSQL cannot be asked how much is free, so this is found only where the server runs on the same machine; elsewhere the plan says how much is needed.",
  CUTOVER_WAL_RETAINED: "A warning: let the slot's subscriber catch up, or drop the slot if nobody uses it any more.",
  CUTOVER_REPLICA_FEEDBACK:
    "A warning: set `hot_standby_feedback = on` there, and the swap waits for such reports; or let none run there when it comes.",
  CUTOVER_REPLICA_LAG: "A warning: let the replicas catch up first, or choose hours in which they are near.",
  CUTOVER_LONG_TRANSACTION:
    "A warning: end the transaction that the message names, or let it end; the swap waits for it.",
  CUTOVER_WRAPAROUND: "A warning: let the vacuum end, or run one before the launch.",
  CUTOVER_TEMP_FILES: "A warning: lift `temp_file_limit` for the roles concerned while the run lives.",
  CUTOVER_CONNECTIONS: "A warning: a worker needs eight connections, and one more for each partition copied at once.",
  CUTOVER_CLOCK_SKEW:
    "A warning of `cutover doctor`: a run goes by the server's clock alone, but times in the logs of this machine will differ.",
  CUTOVER_PRIVILEGE:
    "The hint holds the GRANT that is missing; have it executed by an owner or a superuser, and call the command again. Where the schemas `cutover` and `cutover_jobs` belong to another role, work as that role, or as a member of it: what it put into them would run with your rights. A superuser can do so with `?options=-c%20role=…` in the URL.",
  CUTOVER_RUN_OPEN: "Watch that run, go on with it, or end it; the hint has the three commands.",
  CUTOVER_SCAFFOLD_DIFFERS:
    "The message lists what differs. Make the table fit, or drop or rename it: the run then makes its own.",
  CUTOVER_NAME_TAKEN:
    "Rename or drop what has the name. A legacy table of an earlier run goes with `cutover cleanup` of that run.",
  CUTOVER_UNIQUE_WITHOUT_KEY:
    "PostgreSQL cannot enforce such a key over all partitions. Drop it, or put one in its place that holds the partition key, if the application can live with that.",
  CUTOVER_PRIMARY_KEY_REFUSED:
    "Launch with `--primary-key extend` to have the partition key added to the primary key, or change the primary key yourself first.",
  CUTOVER_INDEX_INVALID: "Drop it, or build it anew: `reindex index concurrently …`.",
  CUTOVER_EXCLUSION_CONSTRAINT:
    "From PostgreSQL 17 on a partitioned table can have an exclusion constraint that compares the partition key with `=`, for then no two partitions can hold rows that exclude each other. Others can only be dropped.",
  CUTOVER_CHECK_NO_INHERIT: "Make it an ordinary check: drop it, and add it again without `NO INHERIT`.",
  CUTOVER_FOREIGN_KEY_NOT_VALID: "Validate the key first, which reads the table without stopping anybody, or drop it.",
  CUTOVER_FOREIGN_KEY_UNLOGGED: "Make the table that the key points to permanent, or drop the key.",
  CUTOVER_MATERIALIZED_VIEW:
    "`--materialized-views recreate` accepts that they are dropped and made again in the swap, with indexes, grants and comments, and refreshed right after it; in between, reading them is an error. Views and other objects that read a materialized view have to be dropped first.",
  CUTOVER_ROW_TRIGGER_TRANSITION:
    "A row trigger with `REFERENCING` cannot be on a partition. Make it a statement trigger, which can use transition tables.",
  CUTOVER_EXTENSION_MEMBER: "Take the table out of its extension, or leave it as the extension made it.",
  CUTOVER_SECURITY_LABEL: "Drop the label for the time of the run, and set it again afterwards.",
  CUTOVER_SUBSCRIBED:
    "Cut over the publisher's table first, or take this one out of the subscription for the time of the run.",
  CUTOVER_ACCESS_METHOD: "Change the access method to `heap` first.",
  CUTOVER_NO_IDENTITY:
    "Give the table a primary key, or a unique index on columns that are not null. Or choose a maintenance window and launch with `--writes block`: writes are refused until the swap, and then no key is needed.",

  CUTOVER_INCOMING_KEY:
    "Add the partition key to the other table and to its foreign key, or launch with `--incoming-fks drop`: the key is dropped at the swap, and its definition stays in the run's blueprint, so that a rollback makes it again.",
  CUTOVER_ROW_TYPE_USED:
    "A column, a function or a cast names the table's row type. After the swap the name means another type, and what was declared before keeps the old one, so the old table could never be dropped. Declare it with a type of its own first.",
  CUTOVER_PUBLISHED_BY_SCHEMA:
    "A publication `for all tables` or `for tables in schema` would send the rows of a month to subscribers as the rows of a table that they do not know. Let the publication name its tables until the run is over. As a warning: a publication that names the table is carried over, and gets `publish_via_partition_root`.",
  CUTOVER_NO_WAY_BACK:
    "The legacy table is as it was at the swap, and does not follow: with `--fallback-window 0` nothing is captured after the swap, a table without a key has no keys to capture, and one with a deferrable key cannot leave out rows that do not fit (ON CONFLICT takes no such key). What was written since is in the new table alone.",
  CUTOVER_ROLLBACK_AHEAD:
    "The rows past the boundary are moved into the history under the lock of the rollback, so there may be few of them. Nothing was swapped. In a maintenance window they can be moved by hand, month by month; then `cutover rollback` again.",
  CUTOVER_ROLLBACK_UNHELD:
    "The new table's primary key has the partition key, so two rows may share what was the whole key before; the old one can hold only one of them. The message shows some: delete or change one of each two, and call `cutover rollback` again. Nothing was swapped.",

  CUTOVER_DIFFERENT:
    "The swap was not made, and the source is complete. Copy the month again with `cutover retry <run> --partition <label>`; if it differs once more, something wrote to the partition's table, or the server's storage is at fault.",
  CUTOVER_HALTED:
    "The message holds PostgreSQL's own words and SQLSTATE. Remove the cause, then `cutover retry <run>`; everything finished before is kept. Before the swap, `cutover abort` undoes the run.",
  CUTOVER_SOURCE_CHANGED:
    "The message lists what changed. Undo the change and `cutover resume <run>`, or abort and launch again, so that the new definition is carried over.",
  CUTOVER_SNAPSHOT_UNKNOWN: "Use the version of pg-cutover that launched the run, at least until the run is finished.",
  CUTOVER_CAPTURE_BROKEN:
    "What was written meanwhile cannot be known any more, so the run cannot go on: `cutover abort`, then launch again. Find out who touched the triggers whose names begin with `cutover_`.",
  CUTOVER_OUTCOME_UNKNOWN:
    "Look at `cutover status`: when it shows the change, it was committed. Then `cutover resume <run>`.",
  CUTOVER_LEGACY_IN_USE:
    "The message names what depends on it: a view, a foreign key, a function. Move that to the new table, then call `cutover cleanup` again. Nothing is ever dropped with CASCADE.",

  CUTOVER_EMBEDDED_SERVER:
    "The message has what the server said, and the path of its log. `cutover demo --remove` deletes it, with its tables, for a fresh start.",
  CUTOVER_UNREACHABLE:
    "Check host, port and network, and that the server runs; then call the command again. A run waits for its database by itself.",
  CUTOVER_READ_ONLY: "Connect to the primary; after a failover, try again when the new one is up.",
  CUTOVER_ROLLBACK_OUTRUN:
    "Before it swaps back, the legacy table catches up with the writes made since the swap. After every 200,000 changes at least 100,000 fewer must wait than before; else the rollback gives up, for the moment to swap would not come. Nothing was swapped, and the run goes on. Slow down or stop what writes so much (a load, an update of the whole table), and call `cutover rollback` again.",
  CUTOVER_TIME_LIMIT:
    "See in `pg_locks` and `pg_stat_activity` who holds the lock, and call the command again when they are done.",
  CUTOVER_RUN_BUSY:
    "Watch it with `cutover status <run> --watch`, or stop the other worker, which the message names, with Ctrl-C first.",
  CUTOVER_CONFIRMATION_NEEDED:
    "Call the command again with `--confirm <schema.table>`; the hint has it ready. `--yes` does not stand in for it.",
  CUTOVER_FALLBACK_OPEN:
    'Wait until the window is over, or overrule it with `--before-window --reason "…"`; the reason goes to the log.',
}

const isScript = process.argv[1]?.endsWith("/scripts/errorsPage.ts")
if (isScript) process.stdout.write(renderErrorsPage())
