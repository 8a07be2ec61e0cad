/** A bug put in on purpose, and the test that must turn red with it. */
export type Bug = {
  readonly name: string
  readonly says: string
  /** A file of `src`. */
  readonly file: string
  /** Each text is in the file once, and is replaced, one after the other. */
  readonly edits: readonly (readonly [search: string, replace: string])[]
  /** Its file and, whole, its title. */
  readonly test: readonly [file: string, title: string]
}

const door = "test/runtime/door.test.ts"

export const bugs: readonly Bug[] = [
  {
    name: "no-fence",
    says: "a job is completed, whoever has it by now",
    file: "runtime/door.ts",
    edits: [
      [
        "    if (!(await services.queue.complete(tx, job))) throw new FencedError(`job ${job.id} is not ours any more`)\n  })\n  await afterCommit",
        "    await services.queue.complete(tx, job)\n  })\n  await afterCommit",
      ],
    ],
    test: [door, "writes nothing of a job that was given to somebody else meanwhile"],
  },
  {
    name: "no-lock-of-job",
    says: "two workers work one job at the same time",
    file: "runtime/door.ts",
    edits: [[`if (!isFree)`, `if (job.id === "")`]],
    test: [door, "lets a job be that is being worked elsewhere"],
  },
  {
    name: "progress-outside",
    says: "rows and their checkpoint are committed before the state of the run",
    file: "runtime/door.ts",
    edits: [
      [
        "    const passed = await workPartition({ tx, run: due.run }, partition)\n",
        "    const passed = await workPartition({ tx, run: due.run }, partition)\n    await tx.query(sql`commit`)\n    await tx.query(sql`begin`)\n    await tx.query(sql`savepoint work`)\n",
      ],
    ],
    test: [door, "leaves nothing of a job whose connection breaks before its COMMIT, and the job as it was"],
  },
  {
    name: "completed-outside",
    says: "a job is completed in a transaction of its own",
    file: "runtime/door.ts",
    edits: [
      [
        "    if (!(await services.queue.complete(tx, job))) throw new FencedError(`job ${job.id} is not ours any more`)\n  })\n  await afterCommit",
        "    if (!(await services.queue.complete(services.database, job))) throw new FencedError(`job ${job.id} is not ours any more`)\n  })\n  await afterCommit",
      ],
    ],
    test: [door, "leaves nothing of a job whose connection breaks before its COMMIT, and the job as it was"],
  },
  {
    name: "any-epoch",
    says: "a job that was sent before a pause is worked after it",
    file: "runtime/door.ts",
    edits: [
      [
        "return run.epoch === job.data.epoch && run.finishedAt === null && run.control",
        "return run.finishedAt === null && run.control",
      ],
      [
        "if (run.epoch === job.data.epoch && run.finishedAt === null && (await",
        "if (run.finishedAt === null && (await",
      ],
    ],
    test: [door, "does nothing for a job that was sent before the run was resumed"],
  },
  {
    name: "halt-swallowed",
    says: "an error that nobody knows is tried again",
    file: "runtime/reactTo.ts",
    edits: [
      [
        `      await stop(services, job, { type: "halt", error: documentOf(error, job) })
      return { waitMs: 0 }
  }`,
        `      await giveBack(services, job)
      return { waitMs: 0 }
  }`,
      ],
    ],
    test: [door, "halts the run on an error that nobody knows, and keeps what it says"],
  },
  {
    name: "commit-redone",
    says: "a COMMIT whose answer was lost counts as not done",
    file: "postgres/transaction.ts",
    edits: [["if (await wasCommitted(database, mark)) return result", "await wasCommitted(database, mark)"]],
    test: ["test/postgres/transaction.test.ts", "after the server heard of it is told as it was: done"],
  },
  {
    name: "any-timeline",
    says: "after a failover the number of a transaction is another one's",
    file: "postgres/transaction.ts",
    edits: [
      ["when substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) = ${timeline}\n", "when ${timeline} <> ''\n"],
    ],
    test: [
      "test/postgres/failover.test.ts",
      "is not taken for done when the new primary gives its number to another one",
    ],
  },
  {
    name: "no-barrier",
    says: "the heap is measured before the lock under which the capture begins",
    file: "steps/prep/guardWrites.ts",
    edits: [
      ["      await tx.query(writeLock(run))\n", ""],
      ["      await tx.query(join(under, ", "      await tx.query(writeLock(run))\n      await tx.query(join(under, "],
    ],
    test: ["test/runtime/lastMoment.test.ts", "is copied: rows that were written before the lock"],
  },
  {
    name: "if-not-exists",
    says: "a table that has the name of a month already is filled",
    file: "steps/copy/createPartitionTable.ts",
    edits: [["table ${table(name)} (\n      like", "table if not exists ${table(name)} (\n      like"]],
    test: [
      "test/security/strangers.test.ts",
      "is not filled, emptied or dropped when it comes after the name was chosen",
    ],
  },
  {
    name: "no-null-in-check",
    says: "the CHECK of a month does not say that no key is missing",
    file: "steps/copy/createPartitionTable.ts",
    edits: [
      [
        "sql`${ident(run.key.column)} is not null and ${within}`",
        "sql`(${within}) and ${ident(run.key.column)} is distinct from null::${ident(run.key.type)}`",
      ],
    ],
    test: [
      "test/runtime/lastMoment.test.ts",
      "is not scanned for it: its CHECK proves the bounds, and that no key is missing",
    ],
  },
  {
    name: "last-day-lost",
    says: "BETWEEN the first day and the last one: the hours of the last day are in no month",
    file: "steps/keyExpression.ts",
    edits: [
      [
        "const before = sql`${key} < ${literal(bounds.to)}::${type(run)}`",
        "const before = sql`${key} <= ${literal(bounds.to)}::${type(run)} - interval '1 day'`",
      ],
    ],
    test: [
      "test/timezones.test.ts",
      "of America/New_York, which begins two hours before the clocks go back, with a timestamp, where the database says Asia/Kathmandu",
    ],
  },
  {
    name: "local-clock",
    says: "months follow the local clock, though it is set back over midnight",
    file: "steps/keyExpression.ts",
    edits: [["(case when ${key} <", "(case when false and ${key} <"]],
    test: [
      "test/timezones.test.ts",
      "of America/Havana, which begins with a midnight that comes twice, with a timestamptz, where the role says Pacific/Apia",
    ],
  },
  {
    name: "zone-ignored",
    says: "months begin when they do in UTC",
    file: "steps/keyExpression.ts",
    edits: [["(day::timestamp at time zone ${run.options.timezone})", "(day::timestamp at time zone 'UTC')"]],
    test: [
      "test/timezones.test.ts",
      "of Pacific/Apia, which begins two days after one that never was, with a timestamptz, where the database says Europe/Berlin",
    ],
  },
  {
    name: "no-repair",
    says: "rows that moved while their month was copied are not taken out before its key is built",
    file: "steps/copy/buildIndex.ts",
    edits: [["  if (missing.length === builtAlone(run).length) await replayPartition(tx, run, partition)\n", ""]],
    test: [
      "test/runtime/moved.test.ts",
      "is there once afterwards, as it is now; and what was deleted behind the copy is gone",
    ],
  },
  {
    name: "no-delete",
    says: "a replay leaves the rows that are there",
    file: "steps/changes/replay.ts",
    edits: [["const { rowCount: deleted } = await tx.query(deleteTakenStatement(run, into))", "const deleted = 0"]],
    test: [
      "test/runtime/moved.test.ts",
      "is there once afterwards, as it is now; and what was deleted behind the copy is gone",
    ],
  },
  {
    name: "no-old-snapshots",
    says: "the swap does not wait for old snapshots",
    file: "steps/locks/oldSnapshots.ts",
    edits: [["if (first === undefined) return\n", "if (first !== null) return\n"]],
    test: ["test/runtime/liveWrites.test.ts", "let the swap wait while a session holds an old snapshot, and say whose"],
  },
  {
    name: "marks-not-compared",
    says: "what hangs on the table is not looked at again under the lock",
    file: "steps/swap/swap.ts",
    edits: [["if (seen.mark !== mark) {", "if (seen.mark === null) {"]],
    test: [
      "test/runtime/lastMoment.test.ts",
      "is seen under the lock: a grant given at the last moment is there afterwards",
    ],
  },
  {
    name: "cascade",
    says: "the legacy table is dropped with all that hangs on it",
    file: "steps/cleanup/dropLegacy.ts",
    edits: [["drop table ${table(name)} restrict", "drop table ${table(name)} cascade"]],
    test: [
      "test/runtime/stopAndGo.test.ts",
      "keeps the legacy table until the window is over, never drops it with CASCADE, and says what depends on it",
    ],
  },
  {
    name: "no-watchdog",
    says: "nobody looks whether an answer still comes",
    file: "postgres/Watchdog.ts",
    edits: [["const mostIdleLooks = 3", "const mostIdleLooks = Infinity"]],
    test: ["test/runtime/halfOpen.test.ts", "is given up at a batch, toClient, and the lone worker goes on"],
  },
  {
    name: "watchdog-resentful",
    says: "a silence of the server's counts on after it has answered",
    file: "postgres/Watchdog.ts",
    edits: [["      this.#muteSince = undefined\n", ""]],
    test: ["test/runtime/halfOpen.test.ts", "is not given up for two silences with an answer between them"],
  },
  {
    name: "queue-forgotten",
    says: "a launch in doubt deletes the queue of its run",
    file: "runtime/commands/launch.ts",
    edits: [
      [
        "if (found === undefined) await queue.deleteRunQueue(runId)",
        "if (found !== null) await queue.deleteRunQueue(runId)",
      ],
    ],
    test: [
      "test/runtime/launch.test.ts",
      "and nobody can look up leaves the run its queue, so that a worker can go on with it",
    ],
  },
]
