import { createLogUpdate } from "log-update"
import { defuse } from "./render/text.ts"
import { wantsColor } from "./render/theme.ts"

/** What a stream that is no terminal is wrapped at: few lines are longer, and logs are read in wide windows. */
const widthElsewhere = 100

export type OutputOptions = {
  readonly color: boolean
  /** Hears, once, why nothing can be written any more; of a reader that went away it does not. */
  readonly onFailed?: (error: Error) => void
}

/**
 * stdout or stderr: lines that stay and, on a terminal, a picture below them that is redrawn in place.
 * When its reader goes away (`cutover log … | head -1`), or the disk of its file is full, it falls silent, and `gone` says so:
 * work does not end because nobody can be told of it.
 */
export class Output {
  readonly isTerminal: boolean
  readonly color: boolean
  readonly #stream: NodeJS.WriteStream
  readonly #gone = new AbortController()
  readonly #update: ReturnType<typeof createLogUpdate>
  #picture: string | undefined

  constructor(stream: NodeJS.WriteStream, { color, onFailed }: OutputOptions) {
    this.#stream = stream
    this.isTerminal = stream.isTTY
    this.color = wantsColor(stream, { flag: color })
    this.#update = createLogUpdate(stream)
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (this.#gone.signal.aborted) return
      this.#gone.abort()
      if (error.code !== "EPIPE") onFailed?.(error)
    })
  }

  get width(): number {
    return this.isTerminal ? this.#stream.columns : widthElsewhere
  }

  /** Lines that a picture may have; the cursor needs one of its own. */
  get height(): number {
    return this.isTerminal ? Math.max(1, this.#stream.rows - 1) : Infinity
  }

  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** Writes lines that stay, above the picture when there is one. */
  write(text: string): void {
    if (this.#gone.signal.aborted) return
    const safe = defuse(text, this)
    if (this.#picture === undefined) this.#stream.write(`${safe}\n`)
    else {
      this.#update.persist(safe)
      this.#update(this.#picture)
    }
  }

  /** Draws the picture anew. Nothing where there is no terminal. */
  draw(picture: string): void {
    if (!this.isTerminal || this.#gone.signal.aborted) return
    this.#picture = defuse(picture, this)
    this.#update(this.#picture)
  }

  /** Leaves the picture where it is; what is written next comes below it. */
  keep(): void {
    this.#picture = undefined
    this.#update.done()
  }

  /** Takes the picture away. */
  clear(): void {
    if (this.#picture !== undefined) this.#update.clear()
    this.keep()
  }
}
