import { median } from "../statistics.ts"
import { kinds, noTrigger } from "./forms.ts"
import type { Cost } from "./measure.ts"
import type { Throughput } from "./pgbench.ts"
import { sizes } from "./writes.ts"

/** A table for each kind of writes, in markdown: medians over the rounds, and how much more that is than without a trigger. */
export function renderCosts(costs: readonly Cost[]): string {
  return kinds.map((kind) => renderKind(kind, costs.filter((cost) => cost.kind === kind))).join("\n")
}

/** Statements per second by pgbench, in markdown. */
export function renderThroughput(all: readonly Throughput[]): string {
  const lines = all.toSorted((a, b) => a.clients - b.clients).map((one) => {
    const base = all.find((other) => other.clients === one.clients && other.form === noTrigger.name)
    const perSecond = median(one.perSecond)
    return row([String(one.clients), one.form, perSecond.toFixed(0), formatChange(median(base?.perSecond ?? []) / perSecond)])
  })
  return [row(["clients", "form", "single inserts per second", "time per insert"]), row(["---", "---", "---", "---"]), ...lines, ""].join("\n")
}

function renderKind(kind: string, costs: readonly Cost[]): string {
  const head = ["form", ...sizes.flatMap((size) => [`${rowsOf(size)}: client`, "server's CPU"])]
  const names = [...new Set(costs.map((cost) => cost.form))]
  const lines = names.map((name) => {
    const cells = sizes.flatMap((size) => {
      const [cost, base] = [name, noTrigger.name].map((form) => costs.find((one) => one.size === size && one.form === form))
      return [formatCost(cost?.wallMs ?? [], base?.wallMs ?? []), formatCost(cost?.cpuMs ?? [], base?.cpuMs ?? [])]
    })
    return row([name, ...cells])
  })
  return [`### ${kind}`, "", row(head), row(head.map(() => "---")), ...lines, ""].join("\n")
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`
}

function rowsOf(size: number): string {
  return size === 1 ? "1 row" : `${size} rows`
}

function formatCost(times: readonly number[], base: readonly number[]): string {
  if (times.length === 0) return ""
  const ms = median(times)
  return `${ms.toFixed(ms < 1 ? 3 : 2)} ms ${formatChange(ms / median(base))}`
}

/** `+8.1 %` */
function formatChange(ratio: number): string {
  const percent = (ratio - 1) * 100
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(1)} %`
}
