import { join, resolve } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { answersAt } from "./answersAt.ts"
import type { Major } from "./binaries.ts"
import { createHome } from "./createHome.ts"
import { type Home, findHome, homeLink, readLogTail, removeHome } from "./home.ts"
import { isRunning } from "./processState.ts"
import { choosePort, isPortFree, readPort, savePort } from "./port.ts"
import { findPostmaster, removeZombiePidFile } from "./postmaster.ts"
import { runProgram } from "./runProgram.ts"
import { serverError, withServerErrors } from "./serverError.ts"
import { type Settings, renderMain, renderSettings } from "./settings.ts"
import { usableBinaries } from "./usableBinaries.ts"
import { writeWhole } from "./writeWhole.ts"

export type ClusterOptions = {
  /** Made when it does not exist; the cluster is in its `cluster`. */
  readonly directory: string
  /** 18, unless the directory has a cluster already: then that one's. */
  readonly major?: Major
  /** A free one is chosen once and kept; another is chosen when something else has taken it at a start. */
  readonly port?: number
  /** On top of our defaults, kept for later starts; a running server takes them at its next start. */
  readonly settings?: Settings
}

export type StopMode = "fast" | "immediate" | "smart"

/** Opens the directory's cluster: creates it if there is none, and starts its server if that does not run. */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const directory = resolve(options.directory)
  return withServerErrors(directory, async () => {
    if ((await findHome(directory)) === undefined) {
      await createHome(directory, options.major ?? 18, options.settings ?? {})
    }
    const home = await findHome(directory)
    if (home === undefined) throw notOurs(directory)
    assertMajor(home, options.major)
    if (options.settings !== undefined) {
      await writeWhole(join(home.folder, "settings.conf"), renderSettings(options.settings))
    }
    const cluster = new Cluster(home, options.port ?? (await readPort(home)))
    await cluster.start()
    return cluster
  })
}

/** The directory's cluster, running or not; undefined when there is none. */
export async function findCluster(directory: string): Promise<Cluster | undefined> {
  return withServerErrors(directory, async () => {
    const home = await findHome(resolve(directory))
    return home && new Cluster(home, await readPort(home))
  })
}

function notOurs(directory: string): Error {
  return serverError({
    message: `${homeLink(directory)} exists, but is no cluster that this program made.`,
    state: "It was left as it is.",
    hint: "Remove it, or give another directory.",
  })
}

function assertMajor(home: Home, asked: Major | undefined): void {
  if (asked === undefined || asked === home.major) return
  throw serverError({
    message: `The cluster in ${home.directory} is of PostgreSQL ${home.major}, not ${asked}.`,
    state: "It was left as it is.",
    hint: `Give another directory for PostgreSQL ${asked}.`,
  })
}

/** How long a server may take to recover from a crash: up to `max_wal_size` of log is read again. */
const startTimeoutSeconds = 300

/** How long the backends of a killed postmaster may go on, each until its statement ends. */
const survivorsMs = 60_000

/** A PostgreSQL server that outlives us: a daemon on 127.0.0.1, which `stop` ends. */
export class Cluster {
  readonly #home: Home
  #port: number | undefined

  constructor(home: Home, port: number | undefined) {
    this.#home = home
    this.#port = port
  }

  get directory(): string {
    return this.#home.directory
  }

  get major(): Major {
    return this.#home.major
  }

  /** Where the server listens, or will; a start may change it when something else has taken the port. */
  get port(): number {
    if (this.#port === undefined) throw new Error("a cluster that was never started has no port")
    return this.#port
  }

  /** The database `postgres`, as superuser `postgres`. */
  get url(): string {
    return `postgres://postgres:${encodeURIComponent(this.#home.password)}@127.0.0.1:${this.port}/postgres`
  }

  /** The process id of the server's first process; undefined when it does not run. */
  async postmasterPid(): Promise<number | undefined> {
    const postmaster = await findPostmaster(this.#home)
    return postmaster && isRunning(postmaster.pid) ? postmaster.pid : undefined
  }

  /** Returns when the server answers; does nothing when it does already. */
  async start(): Promise<void> {
    const deadline = Date.now() + survivorsMs
    const wasKilled = (await findPostmaster(this.#home)) !== undefined
    while (!(await this.#isAnswering())) {
      const output = await this.#tryStart()
      if (output === undefined) continue
      const mayStartLater = wasKilled || (await this.#isStartingOrPortTaken())
      if (Date.now() > deadline || !mayStartLater) throw await this.#failure("did not start", output)
      await sleep(200)
    }
  }

  /** `fast` ends sessions, `immediate` is a crash that the next start recovers from, `smart` waits for sessions. */
  async stop(mode: StopMode = "fast"): Promise<void> {
    if ((await this.postmasterPid()) === undefined) return
    const { code, output } = await this.#control("stop", `--mode=${mode}`, "--timeout=60")
    if (code !== 0 && (await this.postmasterPid()) !== undefined) throw await this.#failure("did not stop", output)
  }

  async restart(): Promise<void> {
    await this.stop("fast")
    await this.start()
  }

  /** Stops the server and deletes all that the cluster consists of. */
  async destroy(): Promise<void> {
    await this.stop("immediate")
    await removeHome(this.#home)
  }

  async #isAnswering(): Promise<boolean> {
    const postmaster = await findPostmaster(this.#home)
    if (postmaster === undefined || !isRunning(postmaster.pid)) return false
    if (!(await answersAt(postmaster.port, this.#home))) return false
    this.#port = postmaster.port
    return true
  }

  /** Undefined when it started, else what `pg_ctl` said. */
  async #tryStart(): Promise<string | undefined> {
    await removeZombiePidFile(this.#home)
    this.#port = await choosePort(this.#port)
    await savePort(this.#home, this.#port)
    await writeWhole(join(this.#home.folder, "postgresql.conf"), renderMain(this.#port))
    const { code, output } = await this.#control(
      "start",
      `--log=${this.#home.log}`,
      `--timeout=${startTimeoutSeconds}`,
      `--options=-c config_file=${shellQuoted(join(this.#home.folder, "postgresql.conf"))}`,
    )
    return code === 0 ? undefined : output
  }

  /** Another process was faster than we: with this server, or with another one at our port. */
  async #isStartingOrPortTaken(): Promise<boolean> {
    return (await findPostmaster(this.#home)) !== undefined || !(await isPortFree(this.port))
  }

  async #control(command: "start" | "stop", ...options: string[]) {
    const { bin } = await usableBinaries(this.#home)
    const all = [command, "--wait", `--pgdata=${this.#home.data}`, ...options]
    return runProgram(join(bin, "pg_ctl"), all, this.#home.account)
  }

  async #failure(what: string, output: string): Promise<Error> {
    return serverError({
      message: `The PostgreSQL ${this.major} server in ${this.directory} ${what}.`,
      state: "Its data is as the last committed transaction left it.",
      hint: `Remove the reason given there; the whole log is ${this.#home.log}.`,
      output: `${output}\n${await readLogTail(this.#home)}`,
    })
  }
}

/** pg_ctl hands its options to a shell. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
