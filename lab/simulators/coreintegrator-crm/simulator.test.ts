/** The simulated CRM: keys, refusals, faults, and an effect log that outlives it. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CustomerCrmSimulator, startCustomerCrm } from './simulator.ts'

const rohit = { customerId: 3, name: 'Rohit', phone: '9998887776' }
let crm: CustomerCrmSimulator
beforeEach(async () => {
  crm = await startCustomerCrm()
})
afterEach(() => crm.close())

async function post(body: unknown, key: string | null = 'k1', to = crm): Promise<number> {
  const headers = { 'content-type': 'application/json', ...(key === null ? {} : { 'idempotency-key': key }) }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(to.url, { method: 'POST', headers, body: text }).then(
    ({ status }) => status,
    () => 0,
  )
}

const other = (path: string, init?: RequestInit) => fetch(new URL(path, crm.url), init)

describe('the simulated CRM of CoreIntegrator', () => {
  test('does a thing once per key', async () => {
    expect([await post(rohit), await post(rohit), await post(rohit)]).toEqual([201, 200, 200])
    expect(crm.effects).toEqual([{ seq: 1, key: 'k1', body: rohit }])
    expect(crm.calls()).toBe(3)
  })

  test('refuses a key that stands for another body, a call without a key, and what is no customer', async () => {
    await post(rohit)
    expect(await post({ ...rohit, phone: '1' })).toBe(422)
    expect(await post(rohit, null)).toBe(400)
    expect(await post({ ...rohit, name: null }, 'k2')).toBe(422)
    expect(await post({ ...rohit, more: 1 }, 'k2')).toBe(422)
    expect(await post('{', 'k2')).toBe(422)
    expect(await post(`"${'x'.repeat(70_000)}"`, 'k2')).toBe(422)
    expect(crm.effects).toHaveLength(1)
  })

  test('fails before an effect, or loses the answer after it, as often as it is told to', async () => {
    crm.setFaults({ failureRate: 1 })
    expect(await post(rohit)).toBe(500)
    expect(crm.effects).toHaveLength(0)
    crm.setFaults({ lostAnswers: 1 })
    expect(await post(rohit)).toBe(0)
    expect(crm.effects).toHaveLength(1)
    crm.setFaults({ refuse: [3] })
    expect(await post(rohit, 'k2')).toBe(422)
    crm.setFaults({ down: true })
    expect(await post(rohit, 'k2')).toBe(503)
  })

  test('shows what it holds and did, takes faults over HTTP, and refuses unknown ones', async () => {
    await post(rohit)
    await post({ ...rohit, phone: null }, 'k2')
    expect(await (await other('/customers')).json()).toEqual([{ ...rohit, phone: null }])
    expect(await (await other('/effects')).json()).toHaveLength(2)
    expect((await other('/health')).status).toBe(200)
    expect((await other('/nothing')).status).toBe(404)
    expect((await other('/faults', { method: 'PUT', body: '{"failureRate":2}' })).status).toBe(400)
    expect((await other('/faults', { method: 'PUT', body: '{"down":true}' })).status).toBe(200)
    expect(await post(rohit)).toBe(503)
  })

  test('finds its effects again after a restart; a torn last line was told to nobody', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ponte-customer-crm-'))
    const file = join(folder, 'effects.ndjson')
    try {
      const first = await startCustomerCrm({ file })
      await post(rohit, 'k1', first)
      await first.close()
      appendFileSync(file, '{"seq":2,"key":"k2"')
      const second = await startCustomerCrm({ file })
      expect(second.effects).toEqual([{ seq: 1, key: 'k1', body: rohit }])
      expect([await post(rohit, 'k1', second), await post(rohit, 'k2', second)]).toEqual([200, 201])
      await second.close()
      const third = await startCustomerCrm({ file })
      expect(third.effects.map(({ seq, key }) => [seq, key])).toEqual([
        [1, 'k1'],
        [2, 'k2'],
      ])
      await third.close()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
