import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { retryAfterMs } from './post.ts'
import { type Received, withWebhooks } from './testing.ts'

/** Answers with these in turn, then with 200. */
const inTurn = (...answers: [status: number, headers?: Record<string, string>][]) => {
  const left = [...answers]
  return (_request: Received, response: ServerResponse) => {
    const [status, headers] = left.shift() ?? [200]
    response.writeHead(status, headers).end('answer')
  }
}
const companies = (received: readonly Received[]) => received.map(({ json }) => json.Lead.Company)
const gaps = (received: readonly Received[]) => received.slice(1).map(({ at }, index) => at - received[index]!.at)

describe('delivery', () => {
  it('keeps the order within a lead, while other leads go on', () =>
    withWebhooks({}, async ({ crm, control, receiver }) => {
      let first: ServerResponse | null = null
      receiver.answer(({ json }, response) => {
        if (json.Lead.Company === '1.0') first = response
        else response.end()
        // Lead 1 goes on only when lead 2 has said all.
        if (json.Lead.Company === '2.9') first!.end()
      })
      for (const id of [1, 2]) await control('POST', 'leads', { lead: `${id}.0`, stage: 'Ativação' })
      for (let turn = 1; turn <= 9; turn += 1) for (const id of [1, 2]) await control('POST', `leads/${id}`, { lead: `${id}.${turn}` })
      await crm.flushWebhooks()
      const seen = companies(receiver.received)
      for (const id of ['1', '2']) {
        expect(seen.filter((name) => name.startsWith(id))).toEqual(Array.from({ length: 10 }, (_, turn) => `${id}.${turn}`))
      }
      expect(seen.indexOf('2.9')).toBeLessThan(seen.indexOf('1.1'))
    }))

  it("repeats what was not answered 2xx, a redirect too, and the lead's next webhook waits for it", () =>
    withWebhooks({ attempts: 5 }, async ({ crm, control, receiver }) => {
      receiver.answer(inTurn([500], [404], [302, { location: '/elsewhere' }], [429], [204]))
      await control('POST', 'leads', { lead: 'first', stage: 'Ativação' })
      await control('POST', 'leads/1', { lead: 'second' })
      await crm.flushWebhooks()
      expect(companies(receiver.received)).toEqual(['first', 'first', 'first', 'first', 'first', 'second'])
      expect(new Set(receiver.received.map(({ path }) => path))).toEqual(new Set(['/convertedlead', '/atualizalead']))
      expect(crm.webhooks()).toMatchObject({ events: 2, sent: 6, delivered: 2, failed: 0, waiting: 0 })
    }))

  it('gives up after its attempts, and the next webhook goes', () =>
    withWebhooks({ attempts: 3 }, async ({ crm, control, receiver }) => {
      receiver.answer(inTurn([500], [500], [500]))
      await control('POST', 'leads', { lead: 'lost', stage: 'Ativação' })
      await control('POST', 'leads/1', { lead: 'told' })
      await crm.flushWebhooks()
      expect(companies(receiver.received)).toEqual(['lost', 'lost', 'lost', 'told'])
      expect(crm.webhooks()).toMatchObject({
        ...{ events: 2, sent: 4, delivered: 1, failed: 1, waiting: 0 },
        byType: { converted: { sent: 3, failed: 1, delivered: 0 }, updated: { sent: 1, failed: 0, delivered: 1 }, discarded: { sent: 0 } },
      })
    }))

  it('waits longer from attempt to attempt, and as long as Retry-After says', () =>
    withWebhooks({ baseMs: 40, attempts: 5 }, async ({ crm, control, receiver }) => {
      receiver.answer(inTurn([500], [500], [503, { 'retry-after': '1' }], [500]))
      await control('POST', 'leads', { lead: 'x', stage: 'Ativação' })
      await crm.flushWebhooks()
      const waited = gaps(receiver.received)
      expect(waited).toHaveLength(4)
      for (const [index, least] of [40, 80, 1_000, 320].entries()) expect(waited[index]).toBeGreaterThanOrEqual(least - 2)
    }))

  it.each([
    ['2', 2_000],
    ['Thu, 01 Jan 1970 00:01:10 GMT', 10_000],
    ['Thu, 01 Jan 1970 00:00:10 GMT', 0],
    ['999999999', 86_400_000],
    ['soon', 0],
    ['-5', 0],
    [undefined, 0],
  ])('reads Retry-After %s as %d ms', (header, expected) => {
    expect(retryAfterMs(header, 60_000)).toBe(expected)
  })

  it('sends no more of a type that was answered 410, until new settings come', () =>
    withWebhooks({}, async ({ crm, control, receiver, use }) => {
      receiver.answer(inTurn([410]))
      await control('POST', 'leads', { lead: 'gone', stage: 'Ativação' })
      await crm.flushWebhooks()
      await control('POST', 'leads/1', { stage: 'Retenção/Expansão' })
      await control('POST', 'leads/1', { lead: 'another type' })
      await crm.flushWebhooks()
      expect(companies(receiver.received)).toEqual(['gone', 'another type'])
      expect(crm.webhooks()).toMatchObject({
        byType: { converted: { events: 2, sent: 1, failed: 2, disabled: true }, updated: { disabled: false, delivered: 1 } },
      })
      use()
      await control('POST', 'leads/1', { stage: 'Ativação' })
      await crm.flushWebhooks()
      expect(crm.webhooks().byType.converted).toMatchObject({ events: 3, sent: 2, delivered: 1, disabled: false })
    }))

  it('counts a receiver that is away or silent as a failed attempt', () =>
    withWebhooks({ timeoutMs: 100, attempts: 2 }, async ({ crm, control, receiver, use }) => {
      receiver.answer(() => {})
      await control('POST', 'leads', { lead: 'x', stage: 'Ativação' })
      await crm.flushWebhooks()
      expect(crm.webhooks()).toMatchObject({ sent: 2, failed: 1, waiting: 0 })
      use({ baseUrl: 'http://127.0.0.1:1', attempts: 3 })
      await control('POST', 'leads/1', {})
      await crm.flushWebhooks()
      expect(crm.webhooks()).toMatchObject({ sent: 5, failed: 2, waiting: 0 })
    }))

  it('takes what waits along to new settings', () =>
    withWebhooks({ baseUrl: 'http://127.0.0.1:1', attempts: 100, maxMs: 50 }, async ({ crm, control, receiver, use }) => {
      await control('POST', 'leads', { lead: 'patient', stage: 'Ativação' })
      await expect.poll(() => crm.webhooks().sent, { timeout: 10_000 }).toBeGreaterThan(1)
      use()
      await crm.flushWebhooks()
      expect(companies(receiver.received)).toEqual(['patient'])
    }))

  it.each(['off', 'reset', 'close'] as const)('forgets what waits: %s', (how) =>
    withWebhooks({ baseMs: 60_000, maxMs: 3_600_000 }, async ({ crm, control, receiver }) => {
      receiver.answer(inTurn([500], [500]))
      for (const lead of ['one', 'two']) await control('POST', 'leads', { lead, stage: 'Ativação' })
      await control('POST', 'leads/1', { lead: 'behind' })
      await expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBe(2)
      const flushed = crm.flushWebhooks()
      if (how === 'off') crm.setWebhooks(null)
      else await (how === 'reset' ? crm.reset() : crm.close())
      await flushed
      await sleep(20)
      expect(receiver.received).toHaveLength(2)
      const counts = how === 'reset' ? { events: 0, sent: 0, failed: 0 } : { events: 3, sent: 2, failed: 3 }
      expect(crm.webhooks()).toMatchObject({ ...counts, delivered: 0, waiting: 0 })
      expect(crm.webhooks().baseUrl).toBe(how === 'reset' ? receiver.url : null)
    }),
  )

  it('has no more attempts at a time than allowed', () =>
    withWebhooks({ concurrency: 3 }, async ({ crm, control, receiver }) => {
      let [now, most] = [0, 0]
      receiver.answer((_request, response) => {
        now += 1
        most = Math.max(most, now)
        setTimeout(() => {
          now -= 1
          response.end()
        }, 10)
      })
      await Promise.all(Array.from({ length: 12 }, (_, index) => control('POST', 'leads', { lead: `n${index}`, stage: 'Ativação' })))
      await crm.flushWebhooks()
      expect(receiver.received).toHaveLength(12)
      expect(most).toBe(3)
    }))
})
