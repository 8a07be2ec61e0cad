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

/** Bytes of `64MB`, `1.5 GB`, `900kB`; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const found = /^(\d+(?:\.\d+)?) ?(bytes|kB|MB|GB|TB|PB)$/i.exec(text.trim())
  if (found === null) return undefined
  const unit = units.findIndex((one) => one.toLowerCase() === found[2]?.toLowerCase())
  return Math.round(Number(found[1]) * 1024 ** unit)
}
