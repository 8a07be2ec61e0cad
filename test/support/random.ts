import { randomInt } from "node:crypto"

/** Random numbers from 0 to 1 that a seed repeats (mulberry32); without a seed, one is drawn. */
export function randomOf(given: string | undefined): { readonly seed: number; readonly random: () => number } {
  const seed = given === undefined ? randomInt(2 ** 31) : Number(given)
  let state = seed
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return { seed, random }
}
