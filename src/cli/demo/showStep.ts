import { formatDuration } from "../../domain/duration.ts"
import { type Context, isTalkative } from "../context.ts"
import { renderBar } from "../render/bar.ts"
import { formatPercent } from "../render/numbers.ts"
import { themeOf } from "../render/theme.ts"

export type OnProgress = (done: number, total: number) => void

const barWidth = 30

/** Does one thing and says so on stderr: on a terminal with a bar and its time, elsewhere in one line before it. */
export async function showStep<T>(
  context: Context,
  text: string,
  work: (onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  const { stderr } = context
  if (!isTalkative(context)) return await work(() => {})
  const theme = themeOf(stderr.color)
  if (!stderr.isTerminal) stderr.write(text)
  stderr.draw(`${theme.active("●")} ${text}`)
  const startedAt = performance.now()
  try {
    const result = await work((done, total) => {
      const share = total === 0 ? 0 : done / total
      const bar = `${theme.active(renderBar(share, barWidth))}  ${formatPercent(share)}`
      // The last stretch, such as indexes, moves no bar.
      stderr.draw(`${theme.active("●")} ${text}\n  ${share < 1 ? bar : theme.quiet("indexes and statistics")}`)
    })
    stderr.clear()
    if (stderr.isTerminal)
      stderr.write(`${theme.good("✓")} ${text}  ${theme.quiet(formatDuration(performance.now() - startedAt))}`)
    return result
  } catch (error) {
    stderr.clear()
    throw error
  }
}
