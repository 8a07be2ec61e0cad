import type { Bug } from "./bugs.ts"

/** The text of a file with the bug in it. Undefined where a text is not in the file exactly once: the list is out of date then. */
export function putIn({ edits }: Bug, text: string): string | undefined {
  let broken = text
  for (const [search, replace] of edits) {
    if (broken.split(search).length !== 2) return undefined
    broken = broken.replace(search, () => replace)
  }
  return broken === text ? undefined : broken
}
