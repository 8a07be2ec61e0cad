/** Questions that come with the clock are fewer in a quick run; more than this share of moments, and the faults are not thrown. */
const tolerated = 0.25

/** What is wrong with a run in which so many of the planned moments never came. */
export function renderMissed(missed: number, planned: number): string[] {
  return missed > planned * tolerated ? [`${missed} of ${planned} moments never came`] : []
}
