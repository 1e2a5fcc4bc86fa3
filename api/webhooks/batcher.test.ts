/** Group commit for statements. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createBatcher } from './batcher.ts'

function recording(options: { max?: number; ms?: number; fail?: (batch: readonly string[]) => boolean } = {}) {
  const batches: string[][] = []
  let running = 0
  const batcher = createBatcher<string, string>({
    keysOf: (item) => [item[0]!],
    max: options.max ?? 100,
    async run(items) {
      running += 1
      expect(running).toBe(1)
      batches.push([...items])
      await sleep(options.ms ?? 5)
      running -= 1
      if (options.fail?.(items)) throw new Error(`failed ${items}`)
      return items.map((item) => item.toUpperCase())
    },
  })
  return { batches, batcher }
}

test('what comes together goes together, what comes meanwhile goes in the next batch; each gets its own answer', async () => {
  const { batches, batcher } = recording()
  const first = ['a', 'b'].map((item) => batcher.push(item))
  await sleep(1)
  const second = ['c', 'd'].map((item) => batcher.push(item))
  expect(await Promise.all([...first, ...second])).toEqual(['A', 'B', 'C', 'D'])
  expect(batches).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ])
})

test('two of one key never meet in a batch, and nobody behind passes', async () => {
  const { batches, batcher } = recording()
  await Promise.all(['a1', 'a2', 'b1', 'a3', 'b2'].map((item) => batcher.push(item)))
  expect(batches).toEqual([['a1', 'b1'], ['a2', 'b2'], ['a3']])
})

test('a batch has a limit', async () => {
  const { batches, batcher } = recording({ max: 2 })
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map((item) => batcher.push(item)))
  expect(batches).toEqual([['a', 'b'], ['c', 'd'], ['e']])
})

test('a failure is given to those of its batch, and the next batch runs', async () => {
  const { batcher } = recording({ max: 2, fail: (items) => items.includes('b') })
  const answers = await Promise.allSettled(['a', 'b', 'c'].map((item) => batcher.push(item)))
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
  expect(await batcher.push('d')).toBe('D')
})
