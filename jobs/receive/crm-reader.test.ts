/** Reads of the inbound lines are gathered: the quota is the bottleneck. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Lead, LeadCustomField, Person } from '../../connectors/crm/spotter/types.ts'
import { crmReader, gathered } from './crm-reader.ts'

test('who asks in the same moment is answered by one read, each with its own', async () => {
  const asked: number[][] = []
  const read = gathered(async (ids) => {
    asked.push([...ids])
    return (id) => `answer ${id}`
  })
  expect(await Promise.all([3, 1, 3, 2].map(read))).toEqual(['answer 3', 'answer 1', 'answer 3', 'answer 2'])
  expect(asked).toEqual([[3, 1, 2]])
})

test('who asks while a read is under way is answered by the next, together with all others who did: nothing is remembered', async () => {
  let reads = 0
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const read = gathered(async (ids) => {
    const mine = ++reads
    if (mine === 1) await gate
    return () => `${ids} in read ${mine}`
  })
  const first = read(1)
  while (reads === 0) await sleep(1)
  const second = read(1)
  await sleep(30)
  const third = read(2)
  await sleep(30)
  expect(reads).toBe(1)
  open()
  expect(await Promise.all([first, second, third])).toEqual(['1 in read 1', '1,2 in read 2', '1,2 in read 2'])
  expect(await read(1)).toBe('1 in read 3')
})

test('a failure reaches everybody who asked, and the next who asks gets a new read', async () => {
  let reads = 0
  const read = gathered(async () => {
    if (++reads === 1) throw new Error('away')
    return (id) => id
  })
  const answers = await Promise.allSettled([1, 2, 1].map(read))
  expect(answers.map((answer) => (answer.status === 'rejected' ? answer.reason.message : answer.value))).toEqual(['away', 'away', 'away'])
  expect(await Promise.all([1, 2].map(read))).toEqual([1, 2])
  expect(reads).toBe(2)
})

test('a lead comes with its custom fields, asked for after it and only when it is there', async () => {
  const calls: [string, number[]][] = []
  const reader = crmReader({
    async leadsByIds(ids) {
      calls.push(['leads', [...ids]])
      return new Map([[1, { id: 1, updateDate: 't1' } as Lead]])
    },
    async customFieldsOf(ids) {
      calls.push(['fields', [...ids]])
      return new Map([[1, [{ id: '_cod.cliente', leadId: 1, value: '5', options: [] }]]]) as Map<number, LeadCustomField[]>
    },
    async personsOf(ids) {
      calls.push(['persons', [...ids]])
      return new Map([[1, [{ id: 10, leadId: 1 } as Person]]])
    },
  })
  const [one, two, persons, none] = await Promise.all([reader.lead(1), reader.lead(2), reader.persons(1), reader.persons(2)])
  expect(one).toMatchObject({ lead: { updateDate: 't1' }, customFields: [{ value: '5' }] })
  expect(two, 'the CRM has no such lead').toBeNull()
  expect([persons, none]).toEqual([[{ id: 10, leadId: 1 }], []])
  expect(calls.filter(([what]) => what !== 'persons')).toEqual([
    ['leads', [1, 2]],
    ['fields', [1]],
  ])
  expect(calls.filter(([what]) => what === 'persons')).toEqual([['persons', [1, 2]]])
})
