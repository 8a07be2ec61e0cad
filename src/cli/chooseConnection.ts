import { type Connection, resolveConnection } from "../config/connection.ts"
import { findCluster } from "../embedded/cluster.ts"
import { type Context, say } from "./context.ts"
import { demoDirectory } from "./demo/demoDirectory.ts"

/**
 * The database that was asked for; where none was, the demo's if there is one on this machine (it is started when it is
 * down), else what the driver takes by default.
 */
export async function chooseConnection(context: Context): Promise<Connection> {
  const { databaseUrl, env } = context
  const connection = resolveConnection({ databaseUrl, env })
  return connection.source === "none" ? ((await findDemo(context)) ?? connection) : connection
}

async function findDemo(context: Context): Promise<Connection | undefined> {
  const cluster = await findCluster(demoDirectory(context.env))
  if (cluster === undefined) return undefined
  const isDown = (await cluster.postmasterPid()) === undefined
  await cluster.start()
  const connection = resolveConnection({ databaseUrl: cluster.url, env: {} })
  const note = isDown ? " (it was down and is started)" : ""
  say(context, `No database was given, so this is the demo's: ${connection.display}${note}`)
  return connection
}
