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
