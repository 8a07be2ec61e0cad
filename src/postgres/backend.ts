import type pg from "pg"

/** A process of the server, for good: numbers of processes come again, and not at the same time of birth. */
export type Backend = { readonly pid: number; readonly startedAt: string }

/**
 * Breaks a connection at once, whatever its other end does; the statement that waits on it fails with `why`. The driver has no
 * public way: `end` asks the server first.
 */
export function breakConnection(client: pg.ClientBase, why: Error): void {
  const { connection } = client as unknown as {
    readonly connection: { readonly stream: { destroy(error: Error): void } }
  }
  connection.stream.destroy(why)
}
