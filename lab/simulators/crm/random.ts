import { createHash } from 'node:crypto'

/**
 * A seeded source of numbers in [0, 1) (mulberry32). Each `stream` has its own sequence, so that switching one fault on
 * does not change what another one does. Not for secrets.
 */
export function seededRandom(seed: number, stream: string): () => number {
  let state = createHash('sha256').update(`${seed}:${stream}`).digest().readUInt32LE(0)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
