import pg from "pg"

/** What demo data is written through. */
export type Connection = pg.Pool | pg.Client

/** Runs `work` on one session: all of it is committed, or nothing; no time limit of the session applies. */
export async function inTransaction(
  connection: Connection,
  work: (client: pg.ClientBase) => Promise<void>,
): Promise<void> {
  if (!(connection instanceof pg.Pool)) return committed(connection, work)
  const client = await connection.connect()
  try {
    await committed(client, work)
    client.release()
  } catch (error) {
    client.release(true)
    throw error
  }
}

async function committed(client: pg.ClientBase, work: (client: pg.ClientBase) => Promise<void>): Promise<void> {
  await client.query("begin")
  try {
    await client.query("set local statement_timeout = 0")
    await work(client)
    await client.query("commit")
  } catch (error) {
    await client.query("rollback").catch(() => {})
    throw error
  }
}
