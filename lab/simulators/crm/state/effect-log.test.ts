import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withFolder } from '../testing.ts'
import { digestOf, openEffectLog } from './effect-log.ts'
import type { Effect } from './model.ts'

const draft = (id: number) => ({
  ...({
    kind: 'leadAdded',
    by: 'api',
    time: '2026-01-01T00:00:00.000000Z',
    id,
    key: `k${id}`,
    body: { id, name: 'ção' },
    after: {},
  } as const),
})
const opened = async (file: string) => {
  const seen: Effect[] = []
  return { seen, log: await openEffectLog(file, (effect) => seen.push(effect)) }
}
/** A log file with three effects. */
const withThree = (use: (file: string) => Promise<void>) =>
  withFolder(async (folder) => {
    const file = join(folder, 'effects.ndjson')
    const { log } = await opened(file)
    for (const id of [1, 2, 3]) log.append(draft(id))
    await log.close()
    await use(file)
  })

describe('the effect log', () => {
  it('hands every effect back in order and numbers on from there', () =>
    withThree(async (file) => {
      const { seen, log } = await opened(file)
      expect(seen.map(({ seq, id }) => [seq, id])).toEqual([
        [1, 1],
        [2, 2],
        [3, 3],
      ])
      expect(log.append(draft(4)).seq).toBe(4)
      await log.durable()
      expect((await log.read({ since: 2 })).map(({ id }) => id)).toEqual([3, 4])
      await log.close()
    }))

  it('cuts a torn last line at every possible length, and nothing else', () =>
    withThree(async (file) => {
      const whole = readFileSync(file)
      const two = whole.indexOf(10, whole.indexOf(10) + 1) + 1
      for (let length = two; length < whole.length; length += 1) {
        writeFileSync(file, whole)
        truncateSync(file, length)
        const { seen, log } = await opened(file)
        expect(seen).toHaveLength(2)
        expect(readFileSync(file)).toEqual(whole.subarray(0, two))
        log.append(draft(9))
        await log.close()
        const again = await opened(file)
        expect(again.seen.map(({ id }) => id)).toEqual([1, 2, 9])
        await again.log.close()
      }
    }))

  it('cuts a last line of zeros, as a power cut may leave it', () =>
    withThree(async (file) => {
      appendFileSync(file, Buffer.alloc(300))
      const { seen, log } = await opened(file)
      expect(seen).toHaveLength(3)
      await log.close()
    }))

  it.each([
    ['an unreadable line', (text: string) => text.replace('"seq":2', '"seq:2')],
    ['a missing line', (text: string) => text.split('\n').toSpliced(1, 1).join('\n')],
    ['a missing last but one line', (text: string) => text.split('\n').toSpliced(0, 2).join('\n')],
    ['a repeated line', (text: string) => text.split('\n').toSpliced(1, 0, text.split('\n')[0]!).join('\n')],
  ])('refuses a file with %s in the middle', (_what, spoil) =>
    withThree(async (file) => {
      writeFileSync(file, spoil(readFileSync(file, 'utf8')))
      await expect(opened(file)).rejects.toMatchObject({ code: 'simulators.log_corrupt' })
    }),
  )

  it('tells listeners each effect once, in order, and only when it is on disk', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'effects.ndjson')
      const { log } = await opened(file)
      const told: number[] = []
      const stop = log.onDurable(({ seq }) => {
        expect(readFileSync(file, 'utf8').split('\n').length - 1).toBeGreaterThanOrEqual(seq)
        told.push(seq)
      })
      for (let id = 1; id <= 300; id += 1) {
        log.append(draft(id))
        if (id % 7 === 0) await log.durable()
      }
      await log.durable()
      expect(told).toEqual(Array.from({ length: 300 }, (_, index) => index + 1))
      stop()
      log.append(draft(301))
      await log.close()
      expect(told).toHaveLength(300)
    }))

  it('takes no effect after the disk has failed, and says so to everyone who waits', () =>
    withFolder(async (folder) => {
      const { log } = await opened(join(folder, 'effects.ndjson'))
      log.append(draft(1))
      await log.close()
      log.append(draft(2))
      await expect(log.durable()).rejects.toMatchObject({ code: 'simulators.log_broken' })
      expect(() => log.append(draft(3))).toThrow(expect.objectContaining({ code: 'simulators.log_broken' }))
      await expect(log.durable()).rejects.toMatchObject({ code: 'simulators.log_broken' })
    }))

  it('reads by kind, origin and limit across its read-ahead', () =>
    withFolder(async (folder) => {
      const { log } = await opened(join(folder, 'effects.ndjson'))
      for (let id = 1; id <= 5_000; id += 1)
        log.append({ ...draft(id), kind: id % 1000 === 0 ? 'won' : 'leadAdded', by: id === 1 ? 'user' : 'api' })
      await log.durable()
      expect((await log.read({ kind: 'won' })).map(({ seq }) => seq)).toEqual([1000, 2000, 3000, 4000, 5000])
      expect((await log.read({ by: 'user' })).map(({ seq }) => seq)).toEqual([1])
      expect((await log.read({ since: 1_990, limit: 20 })).map(({ seq }) => seq)).toEqual(
        Array.from({ length: 20 }, (_, index) => 1991 + index),
      )
      expect(await log.read({ since: 9_999 })).toEqual([])
      await log.close()
    }))
})

it('digests a body alike whatever the order of its keys, and apart when anything else differs', () => {
  expect(digestOf('won', { a: 1, b: { c: [1, 2], d: null } })).toBe(digestOf('won', { b: { d: null, c: [1, 2] }, a: 1 }))
  expect(digestOf('won', { a: [1, 2] })).not.toBe(digestOf('won', { a: [2, 1] }))
  expect(digestOf('won', {})).not.toBe(digestOf('leadAdded', {}))
})
