import type { When } from "../../test/support/wire/Fault.ts"

/** Before or after the n-th statement of a kind. Written as `3f9a1#2:before`, it can be given on the command line. */
export type Moment = { readonly kind: string; readonly occurrence: number; readonly when: When }

export function renderMoment({ kind, occurrence, when }: Moment): string {
  return `${kind}#${occurrence}:${when}`
}

export function renderMoments(moments: readonly Moment[]): string {
  return moments.map(renderMoment).join(",")
}

export function parseMoments(text: string): Moment[] {
  return text.split(",").map((one) => {
    const found = /^(?<kind>[0-9a-f]{5})#(?<occurrence>\d+):(?<when>before|after)$/.exec(one.trim())?.groups
    if (found === undefined) throw new Error(`no moment: ${one}; one is written like 3f9a1#2:before`)
    return { kind: found["kind"] ?? "", occurrence: Number(found["occurrence"]), when: found["when"] as When }
  })
}
