import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { change, openStateBed, type StateBed } from '../testing/state.ts'
import { begin, settleDelivered, settleFailed } from './delivery.ts'
import { recordQueued } from './queueing.ts'
import { settleWithdrawn, standings } from './standing.ts'

const entity = 'leads.update'
let bed: StateBed
beforeEach(async () => {
  bed = await openStateBed()
})
afterEach(() => bed.close())
const queue = (run: string, key: string, hash = 'h1') => recordQueued(bed.pool, run, entity, [change(run, key, hash, '')])

describe('what became of the last try', () => {
  test('is the newest change of each key asked for, and of every key left queued', async () => {
    for (const key of ['told', 'refused', 'left', 'other']) await queue('r1', key)
    for (const key of ['told', 'other'])
      await settleDelivered(bed.pool, change('r1', key), { entity, key, crmId: '1', fields: {} }, bed.lease)
    await settleFailed(bed.pool, change('r1', 'refused'), 'X', false, bed.lease)
    await queue('r2', 'refused')
    await settleFailed(bed.pool, change('r2', 'refused'), 'X', false, bed.lease)
    await queue('r2', 'told', 'h2')
    const found = await standings(bed.pool, entity, ['told', 'refused', 'new'])
    expect(Object.fromEntries(found)).toEqual({
      told: { hash: 'h2', status: 'queued', sends: 1, ageMs: expect.any(Number) },
      refused: { hash: 'h1', status: 'failed', sends: 2, ageMs: expect.any(Number) },
      left: { hash: 'h1', status: 'queued', sends: 1, ageMs: expect.any(Number) },
    })
    expect(await standings(bed.pool, 'leads.sale', ['told'])).toEqual(new Map())
  })

  test('ages by the clock of the state database', async () => {
    await queue('r1', 'a')
    await bed.pool.query(`update changes set updated_at = updated_at - interval '90 seconds'`)
    const { ageMs } = (await standings(bed.pool, entity, []))!.get('a')!
    expect(ageMs).toBeGreaterThanOrEqual(90_000)
    expect(ageMs).toBeLessThan(150_000)
  })
})

describe('a change that is withdrawn', () => {
  test('ends without a doubt: the next one of its key is not in doubt', async () => {
    await queue('r1', 'a')
    await begin(bed.pool, change('r1', 'a'), bed.lease)
    expect(await settleWithdrawn(bed.pool, change('r1', 'a'), bed.lease)).toBe(true)
    expect(await bed.history('a')).toMatchObject([{ status: 'superseded', doubt: false }])
    await queue('r2', 'a')
    expect(await begin(bed.pool, change('r2', 'a'), bed.lease)).toEqual({ kind: 'go', inDoubt: false })
  })

  test('is not touched by a former holder of the lease', async () => {
    await queue('r1', 'a')
    expect(await settleWithdrawn(bed.pool, change('r1', 'a'), await bed.former())).toBe(false)
    expect(await bed.history('a')).toMatchObject([{ status: 'queued' }])
  })
})
