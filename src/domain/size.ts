const units = ["bytes", "kB", "MB", "GB", "TB", "PB"]

/** A size at a glance, as PostgreSQL's `pg_size_pretty` names it: `812 bytes`, `41.3 GB`. Units are powers of 1024. */
export function formatSize(bytes: number): string {
  let scaled = bytes
  let unit = 0
  while (unit < units.length - 1 && scaled >= 1023.5) {
    scaled /= 1024
    unit += 1
  }
  return `${scaled < 100 ? Math.round(scaled * 10) / 10 : Math.round(scaled)} ${units[unit]}`
}
