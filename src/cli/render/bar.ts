/** A bar of `width` characters; it is full only at 1. */
export function renderBar(fraction: number, width: number): string {
  const filled = Math.floor(Math.min(1, Math.max(0, fraction)) * width)
  return "█".repeat(filled) + "░".repeat(width - filled)
}
