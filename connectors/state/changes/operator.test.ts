import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { change, openStateBed, type StateBed } from '../testing/state.ts'
import { decide } from './changes.ts'
import { begin, settleDelivered, settleFailed } from './delivery.ts'
import { countOpen, endRefused, listHeld, recordRebased, releaseHeld, setAside, standingOf } from './operator.ts'
import { recordQueued, requeueChanges } from './queueing.ts'

const entity = 'leads.update'
let bed: StateBed
beforeEach(async () => {
  bed = await openStateBed()
})
afterEach(() => bed.close())
const queue = (run: string, key: string, hash = 'h1') => recordQueued(bed.pool, run, entity, [change(run, key, hash)])
const refuse = async (run: string, key: string, hash = 'h1', doubt = false) => {
  await queue(run, key, hash)
  if (doubt) await begin(bed.pool, change(run, key, hash), bed.lease)
  await settleFailed(bed.pool, change(run, key), 'CRM_REJECTED', doubt, bed.lease)
}
const deliver = async (run: string, key: string, hash = 'h1') => {
  await queue(run, key, hash)
  await settleDelivered(bed.pool, change(run, key), { entity: 'leads', key, crmId: key, fields: {} }, bed.lease)
}
const rebased = (run: string, key: string, hash: string) =>
  recordRebased(bed.pool, { run: `${run}.rebase.1`, entity, key, hash, letter: 'new.json' }, change(run, key))
const decision = async (key: string, hash = 'h1') => (await decide(bed.pool, entity, [{ key, hash }]))[0]

describe('a refused change', () => {
  test('is open until a later one of its key waits or was delivered', async () => {
    await refuse('r1', 'alone')
    await refuse('r1', 'delivered')
    await deliver('r2', 'delivered', 'h2')
    await refuse('r1', 'waiting')
    await queue('r2', 'waiting', 'h2')
    await refuse('r1', 'refused')
    await refuse('r2', 'refused', 'h2')
    const asked = ['alone', 'delivered', 'waiting', 'refused', 'never'].map((key) => change('r1', key))
    expect(await standingOf(bed.pool, asked)).toEqual(['open', 'overtaken', 'overtaken', 'overtaken', 'unknown'])
    expect(await standingOf(bed.pool, [change('r2', 'refused'), change('r2', 'waiting')])).toEqual(['open', 'open'])
  })

  test('queued again with newer values is replaced by them, and its doubt passes on', async () => {
    await refuse('r1', 'a', 'h1', true)
    expect(await rebased('r1', 'a', 'h2')).toBe('queued')
    expect(await rebased('r1', 'a', 'h2')).toBe('superseded')
    expect(await bed.history('a')).toMatchObject([
      { run: 'r1', status: 'superseded' },
      { run: 'r1.rebase.1', status: 'queued', hash: 'h2', doubt: true, letter: 'new.json' },
    ])
  })

  test('does not push aside what a compare has queued meanwhile', async () => {
    await refuse('r1', 'a')
    await queue('r2', 'a', 'h3')
    expect(await rebased('r1', 'a', 'h2')).toBe('superseded')
    expect(await bed.history('a')).toMatchObject([{ status: 'superseded' }, { run: 'r2', status: 'queued' }, { status: 'superseded' }])
  })

  test('does not follow what a compare has delivered meanwhile', async () => {
    await refuse('r1', 'a')
    await deliver('r2', 'a', 'h3')
    expect(await rebased('r1', 'a', 'h2')).toBe('superseded')
    expect((await bed.history('a')).map(({ status }) => status)).toEqual(['superseded', 'delivered', 'superseded'])
  })

  test('with nothing left to send ends without a call; a delivered one is not touched', async () => {
    await refuse('r1', 'a')
    await deliver('r1', 'b')
    await endRefused(bed.pool, [change('r1', 'a'), change('r1', 'b')])
    expect((await bed.history('a'))[0]!.status).toBe('superseded')
    expect((await bed.history('b'))[0]!.status).toBe('delivered')
  })

  test('that an operator put away is held with these values, and goes with new ones or when it is released', async () => {
    await refuse('r1', 'a')
    expect(await decision('a')).toBe('send')
    await setAside(bed.pool, [change('r1', 'a')])
    expect(await decision('a')).toBe('discarded')
    expect(await decision('a', 'h2')).toBe('send')
    expect(await listHeld(bed.pool)).toMatchObject([{ entity, key: 'a', status: 'failed', code: 'DISCARDED' }])
    expect(await releaseHeld(bed.pool, [{ entity, key: 'a' }])).toEqual([{ entity, key: 'a' }])
    expect(await decision('a')).toBe('send')
    expect(await listHeld(bed.pool)).toEqual([])
  })

  test('that was put away goes round again when somebody requeues it after all', async () => {
    await refuse('r1', 'a')
    await setAside(bed.pool, [change('r1', 'a')])
    expect(await requeueChanges(bed.pool, [change('r1', 'a')], 'again.json')).toEqual({ queued: 1, superseded: 0 })
    expect(await bed.history('a')).toMatchObject([{ status: 'queued', sends: 1 }])
  })
})

describe('held', () => {
  test('is a key sent three times with the same values; releasing it lets it be sent three times more', async () => {
    for (const run of ['r1', 'r2', 'r3']) await deliver(run, 'a')
    await deliver('r1', 'b')
    expect(await listHeld(bed.pool)).toMatchObject([{ key: 'a', status: 'delivered', sends: 3 }])
    expect(await listHeld(bed.pool, ['b'])).toEqual([])
    expect(await decision('a')).toBe('held')
    expect(
      await releaseHeld(bed.pool, [
        { entity, key: 'a' },
        { entity, key: 'b' },
        { entity, key: 'nobody' },
      ]),
    ).toEqual([{ entity, key: 'a' }])
    for (const run of ['r4', 'r5', 'r6']) {
      expect(await decision('a')).toBe('send')
      await deliver(run, 'a')
    }
    expect(await decision('a')).toBe('held')
  })

  test('is nobody whose newest change is another', async () => {
    for (const run of ['r1', 'r2', 'r3']) await deliver(run, 'a')
    await queue('r4', 'a', 'h2')
    expect(await listHeld(bed.pool)).toEqual([])
  })
})

test('what has not come to its end is counted by entity, with its doubts and its oldest', async () => {
  await queue('r1', 'a')
  await queue('r1', 'b')
  await begin(bed.pool, change('r1', 'b'), bed.lease)
  await refuse('r1', 'c')
  await deliver('r1', 'd')
  expect(await countOpen(bed.pool)).toEqual([
    { entity, status: 'queued', changes: 2, inDoubt: 1, oldest: expect.any(Date) },
    { entity, status: 'failed', changes: 1, inDoubt: 0, oldest: expect.any(Date) },
  ])
})
