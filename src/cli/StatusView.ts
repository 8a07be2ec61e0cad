import type { Status } from "../domain/status.ts"
import type { Output } from "./Output.ts"
import { renderStatusLine } from "./render/statusLine.ts"
import { renderStatus } from "./render/statusTable.ts"

/** How often a stream that is no terminal gets a line, besides those at each change of state. */
export const lineEveryMs = 10_000

/** A picture lower than this shows too little. */
const lowest = 14

/** Shows a run again and again: on a terminal as a picture that moves, elsewhere as a line now and then. */
export class StatusView {
  readonly #output: Output
  readonly #leave: number
  #lastLine: string | undefined
  #lastChange: string | undefined
  #lastAt = -Infinity

  /** `leave`: how many lines above the picture should stay in sight, if the terminal is high enough. */
  constructor(output: Output, { leave = 0 }: { leave?: number } = {}) {
    this.#output = output
    this.#leave = leave
  }

  /** Whether all that happens is shown, and not only changes of state. */
  get moves(): boolean {
    return this.#output.isTerminal
  }

  show(status: Status): void {
    if (this.#output.isTerminal) this.#draw(status)
    else {
      const change = `${status.run.state} ${status.run.control}`
      const isDue = change !== this.#lastChange || performance.now() - this.#lastAt >= lineEveryMs
      if (isDue) this.#writeLine(status)
      this.#lastChange = change
    }
  }

  /** Shows it a last time, to stay. */
  end(status: Status | undefined): void {
    if (status !== undefined) {
      if (this.#output.isTerminal) this.#draw(status)
      else this.#writeLine(status)
    }
    this.#output.keep()
  }

  #draw(status: Status): void {
    const { color, width } = this.#output
    const height = Math.max(Math.min(this.#output.height, lowest), this.#output.height - this.#leave)
    this.#output.draw(renderStatus(status, { color, width, height, now: new Date() }))
  }

  #writeLine(status: Status): void {
    const line = renderStatusLine(status)
    if (line !== this.#lastLine) this.#output.write(line)
    this.#lastLine = line
    this.#lastAt = performance.now()
  }
}
