import type { Connection } from "../config/connection.ts"
import type { LogLevel } from "../log/createLogger.ts"
import type { Services } from "../runtime/Services.ts"
import { type OpenServices, openServices } from "../runtime/openServices.ts"
import { chooseConnection } from "./chooseConnection.ts"
import type { Context } from "./context.ts"
import { explainError } from "./explainError.ts"
import { openLogger } from "./openLogger.ts"

export type Needs = {
  /** For `pg_stat_activity`: the command's name. */
  readonly role: string
  /** Whether it works runs itself, instead of only looking or saying something. */
  readonly isWorking?: boolean
  /** Where the caller knows better than the options of the command line. */
  readonly connection?: Connection
  readonly logLevel?: LogLevel
}

/** At most. Watching and upkeep need a few; a worker needs one more for each lane, of which a run has up to 64. */
const connections = { idle: 4, working: 68 }

/** Connects as asked, lends what commands work with, and closes it, whatever happens. */
export async function withServices<T>(
  context: Context,
  needs: Needs,
  use: (services: Services) => Promise<T>,
): Promise<T> {
  const connection = needs.connection ?? (await chooseConnection(context))
  const services = await open(context, connection, needs)
  try {
    return await use(services)
  } catch (error) {
    throw explainError(error, connection, "working")
  } finally {
    await services.close()
  }
}

async function open(
  context: Context,
  connection: Connection,
  { role, isWorking = false, logLevel = "warn" }: Needs,
): Promise<OpenServices> {
  try {
    return await openServices({
      connectionString: connection.connectionString,
      role,
      actor: context.actor,
      logger: openLogger(context, logLevel),
      supervise: isWorking,
      connections: isWorking ? connections.working : connections.idle,
    })
  } catch (error) {
    throw explainError(error, connection, "connecting")
  }
}
