/** Milliseconds below a second, else seconds: `812 ms`, `35.3 s`. */
export function formatMs(ms: number): string {
  if (Math.abs(ms) < 1000) return `${Math.round(ms)} ms`
  return `${(ms / 1000).toFixed(Math.abs(ms) < 10_000 ? 2 : 1)} s`
}

/** In millions of bytes, or thousands of millions: `152 MB`, `25.2 GB`. */
export function formatBytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

/** `2.42×` */
export function formatRatio(ratio: number): string {
  return `${ratio.toFixed(2)}×`
}

/** A share between 0 and 1: `3.1 %` */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

/** `3,000,000` */
export function formatRows(rows: number): string {
  return rows.toLocaleString("en-US")
}

/** A round number with its unit: `2M`, `500k`. */
export function formatCount(count: number): string {
  if (count % 1_000_000 === 0) return `${count / 1_000_000}M`
  return count % 1_000 === 0 ? `${count / 1_000}k` : String(count)
}

/** One digit after the point below a hundred: latencies of an application. */
export function formatLatency(ms: number): string {
  return ms < 100 ? `${ms.toFixed(1)} ms` : formatMs(ms)
}
