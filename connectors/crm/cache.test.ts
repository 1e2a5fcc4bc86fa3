import { expect, it } from 'vitest'
import { cached } from './cache.ts'

it('fetches once for all who ask while it runs and until it is old', async () => {
  let now = 0
  let fetches = 0
  const get = cached(
    300,
    () => now,
    async () => ++fetches,
  )
  expect(await Promise.all([get(), get(), get()])).toEqual([1, 1, 1])
  now = 299
  expect(await get()).toBe(1)
  now = 300
  expect(await get()).toBe(2)
})

it('does not remember a failure', async () => {
  let fetches = 0
  const get = cached(
    300,
    () => 0,
    async () => {
      fetches += 1
      if (fetches === 1) throw new Error('away')
      return fetches
    },
  )
  const both = await Promise.allSettled([get(), get()])
  expect(both.map((result) => result.status)).toEqual(['rejected', 'rejected'])
  expect(await get()).toBe(2)
})
