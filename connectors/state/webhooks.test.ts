/** The rows that recognise a repeated webhook. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStateBed, type StateBed } from './testing/state.ts'
import { markReceived, purgeReceived, type Received, reserveReceived } from './webhooks.ts'

let bed: StateBed
beforeAll(async () => {
  bed = await openStateBed()
})
afterAll(() => bed.close())

let unnamed = 0
const event = (subject: string, hash: string, id = ` ${++unnamed}`): Received => ({ type: 'update_leads_in_erp', id, subject, hash })
const judge = async (...batch: Received[]) => (await reserveReceived(bed.pool, batch)).map(({ verdict }) => verdict)
const arrive = async (one: Received, letter: string) => {
  const [verdict] = await reserveReceived(bed.pool, [one])
  if (verdict!.verdict === 'new') await markReceived(bed.pool, [{ ...one, letter }])
  return verdict
}
const age = (table: string, interval: string) => bed.pool.query(`update ${table} set received_at = received_at - $1::interval`, [interval])

describe('an event with an id', () => {
  test('is new once; its repeat names the letter, whatever came in between', async () => {
    expect(await arrive(event('1', 'x', 'a1'), 'first.json')).toMatchObject({ verdict: 'new' })
    expect(await arrive(event('1', 'y', 'a2'), 'second.json')).toMatchObject({ verdict: 'new' })
    expect(await arrive(event('1', 'x', 'a1'), 'third.json')).toEqual({ verdict: 'repeat', letter: 'first.json' })
    // The repeat of X did not make X the latest again.
    expect(await arrive(event('1', 'x', 'a3'), 'fourth.json')).toMatchObject({ verdict: 'new' })
  })

  test('is one per type: a message may be sent to several paths', async () => {
    expect(await arrive(event('2', 'x', 'b1'), 'one.json')).toMatchObject({ verdict: 'new' })
    expect(await arrive({ ...event('2', 'x', 'b1'), type: 'converted_lead' }, 'two.json')).toMatchObject({ verdict: 'new' })
  })

  test('whose writer is at work is busy, and after five seconds without a letter it was never received', async () => {
    expect(await judge(event('3', 'x', 'c1'))).toEqual(['new'])
    expect(await judge(event('3', 'x', 'c1'))).toEqual(['busy'])
    await bed.pool.query(`update webhook_ids set received_at = received_at - interval '6 s' where id = 'c1'`)
    expect(await judge(event('3', 'x', 'c1'))).toEqual(['new'])
    expect(await judge(event('3', 'x', 'c1'))).toEqual(['busy'])
  })
})

describe('a body of the same lead and type', () => {
  test('is a repeat of the latest event only: X, Y, X again are three', async () => {
    expect(await arrive(event('10', 'x'), '1')).toMatchObject({ verdict: 'new' })
    expect(await arrive(event('10', 'x'), '2')).toEqual({ verdict: 'repeat', letter: '1' })
    expect(await arrive(event('10', 'x', 'other id'), '3')).toEqual({ verdict: 'repeat', letter: '1' })
    expect(await arrive(event('10', 'y'), '4')).toMatchObject({ verdict: 'new' })
    expect(await arrive(event('10', 'x'), '5')).toMatchObject({ verdict: 'new' })
  })

  test('is new again after 24 hours', async () => {
    await arrive(event('11', 'x'), '1')
    await age('webhook_latest', '23 hours 59 minutes')
    expect(await judge(event('11', 'x'))).toEqual(['repeat'])
    await age('webhook_latest', '2 minutes')
    expect(await judge(event('11', 'x'))).toEqual(['new'])
  })

  test('whose letter was never written is new: its writer died', async () => {
    expect(await judge(event('12', 'x'))).toEqual(['new'])
    expect(await judge(event('12', 'x'))).toEqual(['new'])
  })

  test('that is late with its mark does not become the latest again', async () => {
    const x = event('13', 'x')
    await reserveReceived(bed.pool, [x])
    await arrive(event('13', 'y'), 'y.json')
    await markReceived(bed.pool, [{ ...x, letter: 'x.json' }])
    expect(await judge(event('13', 'y'))).toEqual(['repeat'])
  })
})

test('a batch is answered in order, of all kinds at once', async () => {
  await arrive(event('20', 'x', 'd1'), '1')
  await reserveReceived(bed.pool, [event('21', 'x', 'd2')])
  expect(await judge(event('22', 'z'), event('20', 'y', 'd1'), event('21', 'q', 'd2'), event('20', 'x'), event('23', 'z', 'd3'))).toEqual([
    'new',
    'repeat',
    'busy',
    'repeat',
    'new',
  ])
})

test('two processes that reserve the same at once: one of them has it', async () => {
  const batch = Array.from({ length: 200 }, (_, n) => event(`30.${n}`, 'x', `e${n}`))
  const shuffled = [...batch].reverse()
  const [one, two] = await Promise.all([reserveReceived(bed.pool, batch), reserveReceived(bed.pool, shuffled)])
  const wins = (verdicts: typeof one) => verdicts.filter(({ verdict }) => verdict === 'new').length
  expect(wins(one) + wins(two)).toBe(200)
})

test('ids are kept for seven days, latest events for one', async () => {
  await bed.pool.query('truncate webhook_ids, webhook_latest')
  await arrive(event('40', 'x', 'f1'), '1')
  await age('webhook_ids', '6 days 23 hours')
  await age('webhook_latest', '25 hours')
  expect(await purgeReceived(bed.pool)).toBe(1)
  expect(await judge(event('40', 'x', 'f1'))).toEqual(['repeat'])
  await age('webhook_ids', '2 hours')
  expect(await purgeReceived(bed.pool)).toBe(1)
})
