import { describe, expect, test } from 'vitest'
import { createSource } from './source.ts'

/** A reader whose answers and whose clock the test has in hand. */
function held(options: { freshMs: number; keepMs?: number }) {
  let at = 0
  let calls = 0
  const waiting: { resolve: (value: number) => void; reject: (error: Error) => void }[] = []
  const read = () => {
    calls += 1
    return new Promise<number>((resolve, reject) => waiting.push({ resolve, reject }))
  }
  const source = createSource(read, { ...options, now: () => at })
  return {
    source,
    pass: (ms: number) => {
      at += ms
    },
    answer: (value: number) => waiting.shift()!.resolve(value),
    refuse: () => waiting.shift()!.reject(new Error('away')),
    get calls() {
      return calls
    },
  }
}

describe('a source', () => {
  test('is read once for all who ask at the same time, and not again while it is fresh', async () => {
    const it = held({ freshMs: 10_000 })
    const looks = [it.source.look(1_000), it.source.look(1_000)]
    it.answer(7)
    expect(await Promise.all(looks)).toEqual([
      { value: 7, ageSeconds: 0, stale: false },
      { value: 7, ageSeconds: 0, stale: false },
    ])
    it.pass(9_999)
    expect(await it.source.look(1_000)).toEqual({ value: 7, ageSeconds: 9.999, stale: false })
    expect(it.calls).toBe(1)
    it.pass(1)
    const next = it.source.look(1_000)
    it.answer(8)
    expect(await next).toMatchObject({ value: 8 })
  })

  test('that hangs holds nobody up: the last value is given, and said to be stale', async () => {
    const it = held({ freshMs: 1_000 })
    const first = it.source.look(1_000)
    it.answer(1)
    await first
    it.pass(2_000)
    expect(await it.source.look(20)).toEqual({ value: 1, ageSeconds: 2, stale: true })
    expect(await it.source.look(20)).toMatchObject({ value: 1, stale: true })
    expect(it.calls).toBe(2)
    it.answer(2)
    expect(await it.source.look(20)).toMatchObject({ value: 2, stale: false })
  })

  test('that fails is stale; what is too old is not given any more', async () => {
    const it = held({ freshMs: 1_000, keepMs: 60_000 })
    const first = it.source.look(1_000)
    it.answer(1)
    await first
    it.pass(30_000)
    const second = it.source.look(1_000)
    it.refuse()
    expect(await second).toEqual({ value: 1, ageSeconds: 30, stale: true })
    it.pass(30_001)
    const third = it.source.look(1_000)
    it.refuse()
    expect(await third).toEqual({ value: null, ageSeconds: 60.001, stale: true })
  })

  test('never read: no value, and stale', async () => {
    const it = held({ freshMs: 1_000 })
    expect(await it.source.look(5)).toEqual({ value: null, ageSeconds: null, stale: true })
  })

  test('whose reading takes long is read seldom: a twentieth of the time', async () => {
    const it = held({ freshMs: 10_000 })
    const first = it.source.look(1_000)
    it.pass(3_000)
    it.answer(1)
    await first
    it.pass(59_999)
    expect(await it.source.look(5)).toMatchObject({ value: 1, stale: false })
    expect(it.calls).toBe(1)
    it.pass(1)
    await it.source.look(5)
    expect(it.calls).toBe(2)
  })
})
