/** mulberry32: the same numbers for the same seed, from 0 (included) to 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** PONTE_TEST_SEED, else a new one. Print it. */
export const testSeed = (): number => Number(process.env.PONTE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
