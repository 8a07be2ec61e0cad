/** A moment in UTC, to the second: `2025-11-23 06:41:24Z`. */
export function formatMoment(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace("T", " ")}Z`
}

/** Milliseconds from one moment to another, never negative: clocks of two machines differ. */
export function elapsedMs(from: string, to: string | Date): number {
  return Math.max(0, new Date(to).getTime() - new Date(from).getTime())
}
