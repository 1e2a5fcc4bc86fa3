import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isOvertaken, startRun } from '../runs/runs.ts'
import { change, openStateBed, type StateBed } from '../testing/state.ts'
import { decide, forgetSends, maxSends, sentAgain, tallyRun } from './changes.ts'
import { begin, settleDelivered, settleFailed } from './delivery.ts'
import { recordQueued, requeueChanges } from './queueing.ts'

const entity = 'leads.update'
const agreed = { entity: 'leads', key: '1', crmId: '1', fields: {} }

let bed: StateBed
beforeEach(async () => {
  bed = await openStateBed()
})
afterEach(() => bed.close())

const queue = (run: string, key: string, hash: string) => recordQueued(bed.pool, run, entity, [change(run, key, hash)])
const deliver = async (run: string, key: string) => {
  await begin(bed.pool, change(run, key), bed.lease)
  await settleDelivered(bed.pool, change(run, key), agreed, bed.lease)
}
const refuse = async (run: string, key: string) => {
  await begin(bed.pool, change(run, key), bed.lease)
  await settleFailed(bed.pool, change(run, key), 'X', false, bed.lease)
}
const decisionOn = async (key: string, hash: string) => (await decide(bed.pool, entity, [{ key, hash }]))[0]
const statuses = async (key: string) => (await bed.history(key)).map((one) => one.status)

describe('decide', () => {
  test('answers in the order asked, also for a key that is asked twice', async () => {
    await queue('r1', 'a', 'h1')
    const asked = [
      { key: 'b', hash: 'h1' },
      { key: 'a', hash: 'h1' },
      { key: 'a', hash: 'h2' },
    ]
    expect(await decide(bed.pool, entity, asked)).toEqual(['send', 'suppressed', 'send'])
  })

  test('the same key of another entity is another key', async () => {
    await queue('r1', 'a', 'h1')
    expect(await decide(bed.pool, 'leads.insert', [{ key: 'a', hash: 'h1' }])).toEqual(['send'])
  })

  test('a change whose effect may have happened is not replaced, whatever the ERP says now', async () => {
    await queue('r1', 'a', 'h1')
    await begin(bed.pool, change('r1', 'a'), bed.lease)
    expect(await decisionOn('a', 'h2')).toBe('suppressed')
    await settleDelivered(bed.pool, change('r1', 'a'), agreed, bed.lease)
    expect(await decisionOn('a', 'h2')).toBe('send')
  })

  test('a failed change is sent again up to three times, then held until its data changes', async () => {
    for (let send = 1; send <= maxSends; send++) {
      expect(await decisionOn('a', 'h1')).toBe('send')
      await queue(`r${send}`, 'a', 'h1')
      await refuse(`r${send}`, 'a')
    }
    expect(await decisionOn('a', 'h1')).toBe('held')
    expect(await decisionOn('a', 'h2')).toBe('send')
    await queue('r4', 'a', 'h2')
    await deliver('r4', 'a')
    expect(await decisionOn('a', 'h1'), 'it counts from the start').toBe('send')
  })

  test('a delivered change that does not converge is held after three sends', async () => {
    for (const run of ['r1', 'r2', 'r3']) {
      await queue(run, 'a', 'h1')
      await deliver(run, 'a')
    }
    expect(await decisionOn('a', 'h1')).toBe('held')
  })

  test('a change replaced before it was sent does not count as a send', async () => {
    await queue('r1', 'a', 'h1')
    await queue('r2', 'a', 'h1')
    await queue('r3', 'a', 'h1')
    expect((await bed.history('a')).map(({ status, sends }) => [status, sends])).toEqual([
      ['superseded', 1],
      ['superseded', 1],
      ['queued', 1],
    ])
  })

  test('a key that converged in between may be sent with the same values for years: the CRM user undoes it again and again', async () => {
    for (let month = 1; month <= 6; month++) {
      expect(await decisionOn('a', 'h1'), `month ${month}`).toBe('send')
      await queue(`r${month}`, 'a', 'h1')
      await deliver(`r${month}`, 'a')
      await forgetSends(bed.pool, entity, [...(await sentAgain(bed.pool, entity))])
    }
  })
})

describe('recordQueued', () => {
  test('twice is once, also after the first was delivered', async () => {
    await queue('r1', 'a', 'h1')
    await queue('r1', 'a', 'h1')
    await deliver('r1', 'a')
    await queue('r1', 'a', 'h1')
    expect(await statuses('a')).toEqual(['delivered'])
  })

  test('a recovered half is completed', async () => {
    await queue('r1', 'a', 'h1')
    await recordQueued(bed.pool, 'r1', entity, [change('r1', 'a'), change('r1', 'b')])
    expect(await tallyRun(bed.pool, 'r1')).toEqual({ [entity]: { queued: 2 } })
  })

  test('replaces what is pending or failed, and takes over the doubt about it', async () => {
    await queue('r1', 'a', 'h1')
    await begin(bed.pool, change('r1', 'a'), bed.lease)
    await queue('r2', 'a', 'h2')
    expect(await bed.history('a')).toMatchObject([
      { run: 'r1', status: 'superseded' },
      { run: 'r2', status: 'queued', doubt: true },
    ])
    expect(await begin(bed.pool, change('r2', 'a', 'h2'), bed.lease)).toEqual({ kind: 'go', inDoubt: true })
    await settleFailed(bed.pool, change('r2', 'a'), 'X', true, bed.lease)
    await queue('r3', 'a', 'h3')
    expect((await bed.history('a')).at(-1)).toMatchObject({ run: 'r3', doubt: true })
    await settleFailed(bed.pool, change('r3', 'a'), 'X', false, bed.lease)
    await queue('r4', 'a', 'h4')
    expect((await bed.history('a')).at(-1)).toMatchObject({ run: 'r4', doubt: false })
  })

  test('many at once for one key leave exactly one pending, and none throws', async () => {
    await Promise.all(Array.from({ length: 12 }, (_, n) => queue(`r${n}`, 'a', `h${n % 3}`)))
    const all = await statuses('a')
    expect(all).toHaveLength(12)
    expect(all.filter((status) => status === 'queued')).toHaveLength(1)
  })

  test('of a former holder of the lease records nothing', async () => {
    const fence = await bed.former()
    await expect(recordQueued(bed.pool, 'r1', entity, [change('r1', 'a')], { fence })).rejects.toMatchObject({ code: 'lease.lost' })
    expect(await statuses('a')).toEqual([])
  })

  test('of a run that was overtaken neither waits nor replaces anything', async () => {
    await queue('r2', 'a', 'h2')
    await recordQueued(bed.pool, 'r1', entity, [change('r1', 'a', 'h1'), change('r1', 'b', 'h1')], { overtaken: true })
    expect(await statuses('a')).toEqual(['queued', 'superseded'])
    expect(await statuses('b')).toEqual(['superseded'])
    expect(await begin(bed.pool, change('r1', 'a'), bed.lease)).toEqual({ kind: 'already', status: 'superseded' })
    expect(await begin(bed.pool, change('r2', 'a', 'h2'), bed.lease)).toMatchObject({ kind: 'go' })
  })
})

test('a run is overtaken by a later one of its job that came to its end, not by one that only started', async () => {
  await startRun(bed.pool, 'r1', 'compare')
  await startRun(bed.pool, 'r2', 'compare')
  await startRun(bed.pool, 'x', 'other')
  expect(await isOvertaken(bed.pool, 'r1')).toBe(false)
  await bed.pool.query(`update runs set status = 'success' where id in ('r2', 'x')`)
  expect(await isOvertaken(bed.pool, 'r1')).toBe(true)
  expect(await isOvertaken(bed.pool, 'r2')).toBe(false)
})

describe('requeueChanges', () => {
  test('a failed change waits again, under its new letter, and is judged as if never sent', async () => {
    await queue('r1', 'a', 'h1')
    await refuse('r1', 'a')
    expect(await requeueChanges(bed.pool, [change('r1', 'a')], 'new.json')).toEqual({ queued: 1, superseded: 0 })
    expect(await bed.history('a')).toMatchObject([{ status: 'queued', sends: 1, letter: 'new.json', doubt: false }])
  })

  test.each([
    ['waiting', async () => queue('r2', 'a', 'h2')],
    [
      'delivered',
      async () => {
        await queue('r2', 'a', 'h2')
        await deliver('r2', 'a')
      },
    ],
    [
      'failed, too',
      async () => {
        await queue('r2', 'a', 'h2')
        await refuse('r2', 'a')
      },
    ],
  ])('an old letter whose key has a newer change that is %s ends without a call', async (_, newer) => {
    await queue('r1', 'a', 'h1')
    await refuse('r1', 'a')
    await newer()
    expect(await requeueChanges(bed.pool, [change('r1', 'a')], 'new.json')).toEqual({ queued: 0, superseded: 1 })
    expect(await begin(bed.pool, change('r1', 'a'), bed.lease)).toEqual({ kind: 'already', status: 'superseded' })
  })

  test('a doubt about the refused change survives', async () => {
    await queue('r1', 'a', 'h1')
    await begin(bed.pool, change('r1', 'a'), bed.lease)
    await settleFailed(bed.pool, change('r1', 'a'), 'X', true, bed.lease)
    await requeueChanges(bed.pool, [change('r1', 'a')], 'new.json')
    expect(await begin(bed.pool, change('r1', 'a'), bed.lease)).toEqual({ kind: 'go', inDoubt: true })
  })
})
