/** Questions that come with the clock are fewer in a quick run; more than this share of moments, and the faults are not thrown. */
const tolerated = { share: 0.25, atLeast: 2 }

/** What is wrong with a run in which so many of the planned moments never came. Of six, two may depend on the clock. */
export function renderMissed(missed: number, planned: number): string[] {
  const most = Math.max(planned * tolerated.share, Math.min(tolerated.atLeast, planned / 2))
  return missed > most ? [`${missed} of ${planned} moments never came`] : []
}
