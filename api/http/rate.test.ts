/** Requests per minute, over a sliding minute, in fixed memory. */
import { expect, test } from 'vitest'
import { createRateLimit } from './rate.ts'

function atTime(perMinute: number, maxKeys?: number) {
  let now = 0
  const limit = createRateLimit(perMinute, () => now, maxKeys)
  return {
    /** How many of `count` pass. */
    pass: (key: string, count: number) => Array.from({ length: count }, () => limit.take(key)).filter((wait) => wait === 0).length,
    wait: (key: string) => limit.take(key),
    go: (seconds: number) => {
      now += seconds * 1000
    },
  }
}

test('as many as allowed pass, each key for itself', () => {
  const clock = atTime(10)
  expect([clock.pass('a', 15), clock.pass('b', 15)]).toEqual([10, 10])
})

test('whoever waits as long as he is told passes, and not much earlier', () => {
  const clock = atTime(10)
  clock.go(20)
  clock.pass('a', 10)
  const first = clock.wait('a')
  expect(first).toBe(40)
  clock.go(first)
  // The minute before still counts: it slides out bit by bit.
  const second = clock.wait('a')
  expect(second).toBeGreaterThan(0)
  expect(second).toBeLessThanOrEqual(7)
  clock.go(second)
  expect(clock.wait('a')).toBe(0)
})

test('steady use below the limit is never refused, and a pause gives no more than the requests of one minute', () => {
  const clock = atTime(60)
  let refused = 0
  for (let second = 0; second < 600; second += 1) {
    clock.go(1.02)
    if (clock.wait('steady') > 0) refused += 1
  }
  expect(refused).toBe(0)
  clock.go(600)
  expect(clock.pass('steady', 100)).toBe(60)
})

test('a refused request does not count: it cannot lock anybody out', () => {
  const clock = atTime(10)
  clock.pass('a', 1_000)
  clock.go(120)
  expect(clock.pass('a', 15)).toBe(10)
})

test('beyond so many keys newcomers share one count; known ones keep theirs', () => {
  const clock = atTime(10, 100)
  for (let n = 0; n < 100; n += 1) clock.pass(`known ${n}`, 1)
  let passed = 0
  for (let n = 0; n < 1_000; n += 1) passed += clock.pass(`newcomer ${n}`, 1)
  expect(passed).toBe(10)
  expect(clock.pass('known 5', 20)).toBe(9)
})

test('0 is no limit', () => {
  expect(atTime(0).pass('a', 100_000)).toBe(100_000)
})
