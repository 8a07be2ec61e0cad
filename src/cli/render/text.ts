import stringWidth from "string-width"

/** One line that is safe to print: names and reasons come from the database, and may hold line ends or escapes. */
export function toLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").trim()
}

/**
 * The text with all that a terminal could take for a command, or that turns its words around, written as `\\u001b`: names,
 * stacks and SQL come from elsewhere. In JSON that means the same. Line ends, tabs and, with `color`, colors stay.
 */
export function defuse(text: string, { color }: { color: boolean }): string {
  return text.replace(unsafe, (found: string, style: string | undefined) => {
    const character = found.charAt(0)
    const isStyle = color && character === escape && style !== undefined
    return isStyle || character === "\n" || character === "\t" ? found : unicodeEscape(character) + found.slice(1)
  })
}

/** Control characters, one of which begins a style (SGR), and those that override or isolate the direction of text. */
const unsafe = /\p{Cc}(\[[\d;]*m)?|\p{Bidi_Control}/gu

const escape = "\u001b"

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
}

/** Columns of a terminal that a text fills; escapes fill none. */
export function widthOf(text: string): number {
  return stringWidth(text)
}

export function padRight(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)))
}

export function padLeft(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text
}

/** Cuts the middle out of an uncolored text that is wider than `width`: both ends of a name tell it from others. */
export function shorten(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  const characters = charactersOf(text)
  let kept = Math.min(characters.length, width) - 1
  while (kept > 1 && widthOf(keepEnds(characters, kept)) > width) kept -= 1
  return keepEnds(characters, kept)
}

/** Joins pieces with a separator into lines no wider than `width`; a piece that is too wide by itself is broken. */
export function wrap(pieces: readonly string[], separator: string, width: number): string[] {
  const lines: string[] = []
  for (const piece of pieces.flatMap((whole) => breakWide(whole, width))) {
    const line = lines.at(-1)
    const longer = line === undefined ? piece : line + separator + piece
    if (line === undefined || widthOf(longer) > width) lines.push(piece)
    else lines[lines.length - 1] = longer
  }
  return lines
}

/** Wraps a sentence at its spaces. */
export function wrapSentence(text: string, width: number): string[] {
  return wrap(toLine(text).split(" ").filter(Boolean), " ", width)
}

function keepEnds(characters: readonly string[], kept: number): string {
  const head = Math.ceil(kept / 2)
  return [...characters.slice(0, head), "…", ...characters.slice(characters.length - (kept - head))].join("")
}

function breakWide(text: string, width: number): string[] {
  if (widthOf(text) <= width) return [text]
  const pieces = [""]
  for (const character of charactersOf(text)) {
    const piece = pieces.at(-1) + character
    if (widthOf(piece) > width) pieces.push(character)
    else pieces[pieces.length - 1] = piece
  }
  return pieces
}

/** As people count them: an accent or a flag is one with its base. */
function charactersOf(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)
}
