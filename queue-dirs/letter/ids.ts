import { monotonicFactory } from 'ulid'
import { pooledRandom } from '../../base/random.ts'
import type { Clock } from '../claim/clock.ts'

/** Epoch ms from the wall clock that never goes back within this process: order of arrival outlives a clock that is set back. */
export function createNameTime(clock: Clock): () => number {
  let last = 0
  return () => {
    last = Math.max(last, Math.trunc(clock.wall()))
    return last
  }
}

/** ulids in the order of the calls, also within one millisecond. */
export function createIds(nameTime: () => number): () => string {
  const next = monotonicFactory(pooledRandom())
  return () => next(nameTime())
}
