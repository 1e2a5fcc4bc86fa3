/** The ledger of what both sides last held, the events' ends and conflicts, on a real state database. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { change, openStateBed, type StateBed } from '../testing/state.ts'
import {
  type Conflict,
  type Ledger,
  listConflicts,
  moveCursor,
  noteSent,
  readAgreed,
  readCursor,
  readTimes,
  type SettledEvent,
  settleEvent,
  settleLedger,
} from './agreed.ts'
import { settleDelivered } from './delivery.ts'
import { recordQueued } from './queueing.ts'

let bed: StateBed
beforeEach(async () => {
  bed = await openStateBed()
})
afterEach(() => bed.close())

const conflict: Conflict = { field: 'SALES_REP', agreed: '7', erp: '3', crm: '9', winner: 'crm' }
const ledger = (fields: Ledger['fields'], more: Partial<Ledger> = {}): Ledger => ({
  entity: 'leads',
  key: '1',
  fields,
  crmTime: null,
  conflicts: [],
  ...more,
})
const event = (id: string, more: Partial<SettledEvent> = {}): SettledEvent => ({
  event: { id, job: 'job_x', letter: 'a.json', leadId: '1', receivedAt: new Date('2026-11-24T10:00:00Z') },
  outcome: 'applied',
  ...more,
})
const events = async () => (await bed.pool.query('select id, outcome, code, conflicts from inbound_events order by id')).rows

describe('the ledger', () => {
  test('knows nothing of a record until somebody says something', async () => {
    expect(await readAgreed(bed.pool, 'leads', '1')).toBeNull()
  })

  test('takes field by field: what an event does not say stays', async () => {
    await settleLedger(bed.pool, ledger({ NAME: 'A', CITY: 'São Paulo' }, { crmTime: 't1' }), 'e1', bed.lease)
    await settleLedger(bed.pool, ledger({ NAME: 'B', STATE: null }), 'e2', bed.lease)
    expect(await readAgreed(bed.pool, 'leads', '1')).toEqual({
      fields: { NAME: 'B', CITY: 'São Paulo', STATE: null },
      crmTime: 't1',
      sent: null,
    })
    expect(await readAgreed(bed.pool, 'contacts', '1'), 'a contact of the same key is another record').toBeNull()
  })

  test('remembers when a lead was last read, also when nothing else was learned', async () => {
    await settleEvent(bed.pool, event('e1', { outcome: 'refused', ledger: ledger({}, { crmTime: 't1' }) }), bed.lease)
    await settleEvent(bed.pool, event('e2', { ledger: ledger({ NAME: 'A' }, { key: '2' }) }), bed.lease)
    expect(await readTimes(bed.pool, ['1', '2', '3'])).toEqual(new Map([['1', 't1']]))
    expect(await readTimes(bed.pool, [])).toEqual(new Map())
  })

  test('is the same that a delivery writes: the CRM time of the last read stays with it', async () => {
    await settleLedger(bed.pool, ledger({ NAME: 'A', CITY: 'X' }, { crmTime: 't1' }), 'e1', bed.lease)
    const mine = change('r1', 'k')
    await recordQueued(bed.pool, 'r1', mine.entity, [mine], { fence: bed.lease })
    await settleDelivered(bed.pool, mine, { entity: 'leads', key: '1', crmId: '1', fields: { NAME: 'B' } }, bed.lease)
    expect(await readAgreed(bed.pool, 'leads', '1')).toEqual({ fields: { NAME: 'B', CITY: 'X' }, crmTime: 't1', sent: null })
  })

  test('of one record takes what two workers say at once, whole', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => settleLedger(bed.pool, ledger({ [`F${n}`]: String(n), ALL: String(n) }), `e${n}`, bed.lease)),
    )
    const { fields } = (await readAgreed(bed.pool, 'leads', '1'))!
    expect(Object.keys(fields)).toHaveLength(21)
  })
})

describe('what is under way to the CRM', () => {
  const sent = async () => (await readAgreed(bed.pool, 'leads', '1'))?.sent

  test('is remembered until it is known what became of it, and says nothing about agreement', async () => {
    await noteSent(bed.pool, ledger({}), { NAME: 'A', CITY: null }, bed.lease)
    expect(await readAgreed(bed.pool, 'leads', '1')).toEqual({ fields: {}, crmTime: null, sent: { NAME: 'A', CITY: null } })
    await settleLedger(bed.pool, ledger({ STATE: 'SP' }), 'e1', bed.lease)
    expect(await sent(), 'what an event learns is about other things').toEqual({ NAME: 'A', CITY: null })
    await noteSent(bed.pool, ledger({}), { NAME: 'B' }, bed.lease)
    expect(await sent(), 'the next try sends its own').toEqual({ NAME: 'B' })
    await noteSent(bed.pool, ledger({}), null, bed.lease)
    expect(await readAgreed(bed.pool, 'leads', '1')).toEqual({ fields: { STATE: 'SP' }, crmTime: null, sent: null })
  })

  test('is forgotten with the delivery', async () => {
    await noteSent(bed.pool, ledger({}), { NAME: 'A' }, bed.lease)
    const mine = change('r1', 'k')
    await recordQueued(bed.pool, 'r1', mine.entity, [mine], { fence: bed.lease })
    await settleDelivered(bed.pool, mine, { entity: 'leads', key: '1', crmId: '1', fields: { NAME: 'A' } }, bed.lease)
    expect(await readAgreed(bed.pool, 'leads', '1')).toEqual({ fields: { NAME: 'A' }, crmTime: null, sent: null })
  })
})

describe('an event', () => {
  test('ends with its outcome, its ledger and its conflicts in one piece', async () => {
    await settleEvent(bed.pool, event('e1', { ledger: ledger({ SALES_REP: '9' }, { crmTime: 't1', conflicts: [conflict] }) }), bed.lease)
    expect(await events()).toEqual([{ id: 'e1', outcome: 'applied', code: null, conflicts: 1 }])
    expect(await readAgreed(bed.pool, 'leads', '1')).toEqual({ fields: { SALES_REP: '9' }, crmTime: 't1', sent: null })
    expect(await listConflicts(bed.pool)).toEqual([
      { id: expect.any(Number), entity: 'leads', key: '1', createdAt: expect.any(Date), ...conflict },
    ])
  })

  test('without a ledger leaves it alone', async () => {
    await settleEvent(bed.pool, event('e1', { outcome: 'echo' }), bed.lease)
    expect(await readAgreed(bed.pool, 'leads', '1')).toBeNull()
  })

  test('settled again ends as it ended last, and its conflict is listed once', async () => {
    const said = { ledger: ledger({ SALES_REP: '9' }, { conflicts: [conflict] }) }
    await settleEvent(bed.pool, event('e1', { outcome: 'refused', code: 'X', ...said }), bed.lease)
    await settleEvent(bed.pool, event('e1', said), bed.lease)
    await settleLedger(bed.pool, said.ledger, 'e1', bed.lease)
    expect(await events()).toEqual([{ id: 'e1', outcome: 'applied', code: null, conflicts: 1 }])
    expect(await listConflicts(bed.pool)).toHaveLength(1)
  })

  test('that meets the same conflict later lists it again, the newest first', async () => {
    for (const [id, crm] of [
      ['e1', '9'],
      ['e2', '8'],
      ['e3', '7'],
    ] as const)
      await settleEvent(
        bed.pool,
        event(id, {
          ledger: ledger(
            {},
            {
              conflicts: [
                { ...conflict, crm },
                { ...conflict, field: 'NAME', crm },
              ],
            },
          ),
        }),
        bed.lease,
      )
    const listed = await listConflicts(bed.pool, 3)
    expect(listed.map(({ field, crm }) => `${field} ${crm}`)).toEqual(['NAME 7', 'SALES_REP 7', 'NAME 8'])
  })

  test('settled twice at the same moment is one', async () => {
    const said = event('e1', { ledger: ledger({ A: '1' }, { conflicts: [conflict] }) })
    await Promise.all([1, 2, 3].map(() => settleEvent(bed.pool, said, bed.lease)))
    expect([await events(), await listConflicts(bed.pool)].map((rows) => rows.length)).toEqual([1, 1])
  })

  test('of no outcome that we know is refused, and nothing of it is written', async () => {
    const odd = event('e1', { outcome: 'odd' as 'applied', ledger: ledger({ A: '1' }) })
    await expect(settleEvent(bed.pool, odd, bed.lease)).rejects.toMatchObject({ code: 'state.failed' })
    expect([await events(), await readAgreed(bed.pool, 'leads', '1')]).toEqual([[], null])
  })
})

describe('the cursor of a list', () => {
  test('is where it was put last', async () => {
    expect(await readCursor(bed.pool, 'c')).toBeNull()
    for (const value of ['t1', 't2']) await moveCursor(bed.pool, 'c', value, bed.lease)
    expect([await readCursor(bed.pool, 'c'), await readCursor(bed.pool, 'other')]).toEqual([
      { value: 't2', movedAt: expect.any(Date) },
      null,
    ])
  })
})

test('a former holder of the lease writes nothing of all this', async () => {
  await settleLedger(bed.pool, ledger({ NAME: 'theirs' }), 'e0', bed.lease)
  await moveCursor(bed.pool, 'c', 'theirs', bed.lease)
  const former = await bed.former()
  const mine = ledger({ NAME: 'mine' }, { crmTime: 'mine', conflicts: [conflict] })
  for (const attempt of [
    () => settleEvent(bed.pool, event('e1', { ledger: mine }), former),
    () => settleLedger(bed.pool, mine, 'e1', former),
    () => moveCursor(bed.pool, 'c', 'mine', former),
    () => noteSent(bed.pool, ledger({}), { NAME: 'mine' }, former),
  ])
    await expect(attempt()).rejects.toMatchObject({ code: 'lease.lost' })
  expect(await readAgreed(bed.pool, 'leads', '1')).toEqual({ fields: { NAME: 'theirs' }, crmTime: null, sent: null })
  expect([(await readCursor(bed.pool, 'c'))?.value, await events(), await listConflicts(bed.pool)]).toEqual(['theirs', [], []])
})

test('what fails in the middle leaves nothing behind', async () => {
  await bed.pool.query('alter table agreed rename to gone')
  await expect(readAgreed(bed.pool, 'leads', '1')).rejects.toMatchObject({ code: 'state.failed' })
  await expect(settleEvent(bed.pool, event('e1', { ledger: ledger({ A: '1' }) }), bed.lease)).rejects.toMatchObject({
    code: 'state.failed',
  })
  expect(await events(), 'not half of it').toEqual([])
})
