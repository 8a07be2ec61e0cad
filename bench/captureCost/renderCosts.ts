import { median } from "../statistics.ts"
import { kinds } from "./forms.ts"
import type { Cost, Measured } from "./measure.ts"
import type { Throughput } from "./pgbench.ts"
import { sizes } from "./writes.ts"

/** A table for each kind of writes, in markdown: medians over the rounds, and of what they are more than without a trigger. */
export function renderCosts(costs: readonly Cost[]): string {
  return kinds
    .map((kind) =>
      renderKind(
        kind,
        costs.filter((cost) => cost.kind === kind),
      ),
    )
    .join("\n")
}

/** Single inserts per second by pgbench, in markdown. */
export function renderThroughput(all: readonly Throughput[]): string {
  const head = ["clients", "form", "single inserts per second", "time per insert"]
  const lines = all.map((one) => [
    String(one.clients),
    one.form,
    median(one.perSecond).toFixed(0),
    formatChange(median(one.ratio)),
  ])
  return `${[head, head.map(() => "---"), ...lines].map(row).join("\n")}\n`
}

function renderKind(kind: string, costs: readonly Cost[]): string {
  const head = [
    "form",
    ...sizes.flatMap((size) => [`${size === 1 ? "1 row" : `${size} rows`}: client waits`, "server's CPU"]),
  ]
  const names = [...new Set(costs.map((cost) => cost.form))]
  const lines = names.map((name) => {
    const ofForm = sizes.map((size) => costs.find((one) => one.size === size && one.form === name))
    return [
      name,
      ...ofForm.flatMap((cost) => (cost === undefined ? ["", ""] : [formatCost(cost.wall), formatCost(cost.cpu)])),
    ]
  })
  return [`### ${kind}`, "", ...[head, head.map(() => "---"), ...lines].map(row), ""].join("\n")
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`
}

function formatCost({ ms, ratio }: Measured): string {
  if (ms.length === 0) return ""
  const typical = median(ms)
  return `${typical.toFixed(typical < 1 ? 3 : 2)} ms ${formatChange(median(ratio))}`
}

/** `+8.1 %` */
function formatChange(ratio: number): string {
  const percent = (ratio - 1) * 100
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(1)} %`
}
