/** Joining: one sync at a time, and nobody is answered before the rows that were there when they asked were looked at. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Counts } from './sync.ts'
import { createSyncer } from './syncer.ts'

/** A sync whose end the test decides. */
function held() {
  const runs: { tried: Set<string>; end(counts: Counts): void; fail(error: Error): void }[] = []
  const syncer = createSyncer(
    (tried) =>
      new Promise((resolve, reject) => {
        runs.push({ tried, end: resolve, fail: reject })
      }),
  )
  return { runs, syncer }
}

const counts = (success: number, failed = 0): Counts => ({ total: success + failed, success, failed })

describe('a syncer', () => {
  test('runs one sync; whoever joins shares one look after it and gets the sum', async () => {
    const { runs, syncer } = held()
    const first = syncer.sync()
    const joined = [syncer.sync(), syncer.sync()]
    expect(runs).toHaveLength(1)
    runs[0]!.tried.add('a')
    runs[0]!.end(counts(2, 1))
    expect(await first).toEqual(counts(2, 1))
    await turn()
    expect(runs).toHaveLength(2)
    expect(runs[1]!.tried).toEqual(new Set(['a']))
    runs[1]!.end(counts(1))
    expect(await Promise.all(joined)).toEqual([counts(3, 1), counts(3, 1)])
    await syncer.idle()
    expect(runs).toHaveLength(2)
  })

  test('a sync that failed keeps nobody who joined from an answer, and the next one starts anew', async () => {
    const { runs, syncer } = held()
    const first = syncer.sync()
    const joined = syncer.sync()
    runs[0]!.fail(new Error('database away'))
    await expect(first).rejects.toThrow('database away')
    await turn()
    runs[1]!.end(counts(1))
    expect(await joined).toEqual(counts(1))
    const again = syncer.sync()
    expect(runs).toHaveLength(3)
    expect(runs[2]!.tried).toEqual(new Set())
    runs[2]!.end(counts(0))
    expect(await again).toEqual(counts(0))
  })

  test('who asks during the look after gets a look of their own', async () => {
    const { runs, syncer } = held()
    const asked = [syncer.sync(), syncer.sync()]
    runs[0]!.end(counts(1))
    await turn()
    asked.push(syncer.sync())
    runs[1]!.end(counts(1))
    await turn()
    expect(runs).toHaveLength(3)
    runs[2]!.end(counts(1))
    expect(await Promise.all(asked)).toEqual([counts(1), counts(2), counts(2)])
  })

  test('is idle only when the look after has ended too', async () => {
    const { runs, syncer } = held()
    void syncer.sync()
    void syncer.sync()
    let idle = false
    const waiting = syncer.idle().then(() => {
      idle = true
    })
    runs[0]!.end(counts(1))
    await turn()
    expect(idle).toBe(false)
    runs[1]!.end(counts(1))
    await waiting
    expect(idle).toBe(true)
  })
})
