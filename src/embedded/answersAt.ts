import { realpath } from "node:fs/promises"
import pg from "pg"
import type { Home } from "./home.ts"

/** Whether this very cluster's server accepts a connection at the port, and not somebody else's. */
export async function answersAt(port: number, home: Home): Promise<boolean> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port,
    user: "postgres",
    password: home.password,
    database: "postgres",
    ssl: false,
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
    application_name: "cutover/embedded",
  })
  client.on("error", () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ folder: string }>("select current_setting('data_directory') as folder")
    return rows[0]?.folder === (await realpath(home.data))
  } catch (error) {
    // It refuses, is starting up, or has another password: in no case can we use it.
    if (error instanceof TypeError) throw error
    return false
  } finally {
    await client.end().catch(() => {})
  }
}
