import type { Statement } from "./Statement.ts"

/** Before a statement reaches the server, or when the server has answered and nobody has heard it yet. */
export type When = "before" | "after"

/** What can go wrong with a statement. */
export type Fault =
  /** It, or its answer, waits until `until` is through; when its client is gone by then, it goes nowhere. */
  | { readonly type: "hold"; readonly when: When; readonly until: (statement: Statement) => Promise<void> }
  /** Its connection breaks, on both sides. */
  | { readonly type: "cut"; readonly when: When }
  /** All connections break, and there are no more: as when the client's process is killed. */
  | { readonly type: "die"; readonly when: When }
  /** The server fails it with this SQLSTATE, with all that this does to its transaction. */
  | { readonly type: "raise"; readonly sqlState: string }
  /** The server ends its session with this SQLSTATE, as FATAL errors do. */
  | { readonly type: "end"; readonly sqlState: string }
  /** From here on nothing passes in one direction, and nobody is told. */
  | { readonly type: "blackhole"; readonly way: "toServer" | "toClient" }
