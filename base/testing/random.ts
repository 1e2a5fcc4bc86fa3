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

/** What random suites begin with: the same in every run on a commit, so that CI tests the same thing twice. `npm run test:long` draws another. */
export const testSeed = (): number => Number(process.env.PONTE_TEST_SEED ?? 314_159)
