import type { Moment } from "./Moment.ts"
import { renderMoment } from "./Moment.ts"

/** Questions that come with the clock are fewer in a quick run; more than this share of moments, and the faults are not thrown. */
const tolerated = 0.25

/** What is wrong with a run in which these moments, of so many, never came. */
export function renderMissed(missed: readonly Moment[], planned: number): string[] {
  // The first statement of a kind comes in every run.
  const must = missed.filter((moment) => moment.occurrence === 1)
  const isTooMany = missed.length > planned * tolerated
  return [
    ...must.map((moment) => `the moment ${renderMoment(moment)} never came`),
    ...(isTooMany ? [`${missed.length} of ${planned} moments never came`] : []),
  ]
}
