import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import type { WebhookType } from './event.ts'
import { createFatePlanner, webhookFaultsSchema } from './faults.ts'
import { type Received, type Wired, withWebhooks } from './testing.ts'

const secret = `whsec_${Buffer.from('secret'.padEnd(32, '.')).toString('base64')}`
const names = (received: readonly Received[]) => received.map(({ json }) => json.Lead.Company)
/** Lead 1 and edits of it, each in an effect of its own: `0`, `1`... */
const edits = async ({ control }: Pick<Wired, 'control'>, count: number, id = 1) => {
  if (id === 1) await control('POST', 'leads', { lead: '0', stage: 'Novos leads' })
  for (let turn = 1; turn <= count; turn += 1) await control('POST', `leads/${id}`, { lead: String(turn) })
}

describe('faults of webhooks', () => {
  it('lose: never sent', () =>
    withWebhooks({ faults: { lose: { times: 2 } } }, async ({ crm, control, receiver }) => {
      await edits({ control }, 3)
      await crm.flushWebhooks()
      expect(names(receiver.received)).toEqual(['3'])
      expect(crm.webhooks()).toMatchObject({ events: 3, lost: 2, delivered: 1, waiting: 0, struck: { lose: 2 } })
    }))

  it('duplicate: up to five times at once, with one id or with several', () =>
    withWebhooks({ secret, faults: { duplicate: 1 } }, async ({ crm, control, receiver, use }) => {
      await edits({ control }, 20)
      await crm.flushWebhooks()
      const all = names(receiver.received)
      const copies = [...new Set(all)].map((name) => all.filter((other) => other === name).length)
      expect(copies).toHaveLength(20)
      expect(new Set(copies)).toEqual(new Set([2, 3, 4, 5]))
      expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(20)
      const { events, repeated, delivered } = crm.webhooks()
      expect([events, repeated + 20, receiver.received.length]).toEqual([20, delivered, delivered])
      use({ secret, faults: { duplicate: { most: 2, newIds: true } } })
      receiver.received.length = 0
      await control('POST', 'leads/1', {})
      await crm.flushWebhooks()
      expect(new Set(receiver.received.map(({ headers, raw }) => `${headers['webhook-id']} ${raw}`)).size).toBe(2)
    }))

  it("duplicate: copies are under way together, and the lead's next webhook waits for all of them", () =>
    withWebhooks({ faults: { duplicate: { times: 1, most: 2 } } }, async ({ crm, control, receiver }) => {
      const open: (() => void)[] = []
      receiver.answer((_request, response) => void open.push(() => response.end()))
      await edits({ control }, 2)
      await expect.poll(() => open.length, { timeout: 10_000 }).toBe(2)
      open[0]!()
      await sleep(30)
      expect(names(receiver.received)).toEqual(['1', '1'])
      receiver.answer((_request, response) => void response.end())
      open[1]!()
      await crm.flushWebhooks()
      expect(names(receiver.received)).toEqual(['1', '1', '2'])
    }))

  it('reorder: behind later ones of the same lead', () =>
    withWebhooks({ faults: { reorder: { times: 1, events: 1, ms: 600_000 } } }, async ({ crm, control, receiver }) => {
      await edits({ control }, 3)
      await expect.poll(() => names(receiver.received), { timeout: 10_000 }).toEqual(['2', '1', '3'])
      expect(crm.webhooks().waiting).toBe(0)
    }))

  it('reorder: no longer than its milliseconds, and a flush ends it', () =>
    withWebhooks({ faults: { reorder: { ms: 50 } } }, async ({ crm, control, receiver, use }) => {
      await edits({ control }, 1)
      await expect.poll(() => names(receiver.received), { timeout: 10_000 }).toEqual(['1'])
      use({ faults: { reorder: { times: 2, events: 100, ms: 600_000 } } })
      await edits({ control }, 3, 1)
      expect(crm.webhooks().waiting).toBeGreaterThan(0)
      await crm.flushWebhooks()
      expect(names(receiver.received).slice(-3)).toEqual(['3', '1', '2'])
    }))

  it('reorder: at most as many as asked, whatever the draw', () =>
    withWebhooks({ faults: { reorder: { share: 0.3, events: 3, ms: 600_000 } } }, async ({ crm, control, receiver }) => {
      await edits({ control }, 60)
      await crm.flushWebhooks()
      const order = names(receiver.received).map(Number)
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1))
      expect(order).not.toEqual([...order].sort((a, b) => a - b))
      // One that keeps its place is overtaken by nobody.
      const overtaken = order.filter((turn, index) => order.slice(0, index).some((earlier) => earlier > turn)).length
      expect(overtaken).toBeGreaterThan(5)
      expect(overtaken).toBeLessThanOrEqual(crm.webhooks().struck.reorder!)
    }))

  it('delayMs: late, in order, and a flush does not wait for it', () =>
    withWebhooks({ faults: { delayMs: 1_000 } }, async ({ crm, control, receiver, use }) => {
      const begun = performance.now()
      await edits({ control }, 2)
      await sleep(20)
      expect(receiver.received).toEqual([])
      await expect.poll(() => names(receiver.received), { timeout: 10_000 }).toEqual(['1', '2'])
      expect(receiver.received[0]!.at - begun).toBeGreaterThanOrEqual(999)
      use({ faults: { delayMs: { times: 1, ms: 75 * 3_600_000 } } })
      await edits({ control }, 2)
      await crm.flushWebhooks()
      expect(names(receiver.received)).toEqual(['1', '2', '1', '2'])
    }))

  it('clockSkewS: the time of the attempt is off, in both directions, and properly signed', () =>
    withWebhooks({ secret, faults: { clockSkewS: -600 } }, async ({ crm, control, receiver, use }) => {
      await edits({ control }, 1)
      await crm.flushWebhooks()
      use({ secret, faults: { clockSkewS: { seconds: 3_600 } } })
      await control('POST', 'leads/1', {})
      await crm.flushWebhooks()
      const off = receiver.received.map(({ headers }) => Number(headers['webhook-timestamp']) - Date.now() / 1_000)
      for (const [index, expected] of [-600, 3_600].entries()) expect(Math.abs(off[index]! - expected)).toBeLessThan(30)
      for (const { raw, headers } of receiver.received) {
        expect(() => new Webhook(secret).verify(raw, headers as Record<string, string>)).toThrow(/timestamp too (old|new)/)
        const at = new Date(Number(headers['webhook-timestamp']) * 1_000)
        expect(new Webhook(secret).sign(headers['webhook-id'] as string, at, raw)).toBe(headers['webhook-signature'])
      }
    }))

  it('wrongSecret: no signature fits, on any attempt', () =>
    withWebhooks({ secrets: [secret, secret], attempts: 2, faults: { wrongSecret: 1 } }, async ({ crm, control, receiver }) => {
      receiver.answer((_request, response) => response.writeHead(401).end())
      await edits({ control }, 1)
      await crm.flushWebhooks()
      expect(receiver.received).toHaveLength(2)
      for (const { raw, headers } of receiver.received) {
        expect(() => new Webhook(secret).verify(raw, headers as Record<string, string>)).toThrow('No matching signature')
      }
    }))

  it('v2: the Portuguese body, by type when asked', () =>
    withWebhooks({ faults: { v2: { types: ['converted'] } } }, async ({ crm, control, receiver }) => {
      await control('POST', 'leads', {
        lead: 'Padaria',
        stage: 'Ativação',
        source: 'ERP',
        industry: 'Varejo',
        customFields: { '_cod.cliente': '5' },
      })
      await control('POST', 'leads/1', {})
      await crm.flushWebhooks()
      const [old, now] = receiver.received
      expect(old!.json).toMatchObject({
        Lead: {
          ...{ id: 1, Empresa: 'Padaria', Origem: { value: 'ERP' }, Mercado: { value: 'Varejo' }, Etapas: [] },
          CamposPersonalizados: [{ id: '_cod.cliente', value: '5' }],
        },
      })
      expect(old!.json.Lead).not.toHaveProperty('Stage')
      expect(now!.json.Lead).toMatchObject({ Id: 1, Company: 'Padaria' })
    }))

  it('half: the first attempt breaks off in mid-body, the second is whole', () =>
    withWebhooks({ faults: { half: { times: 3 } } }, async ({ crm, control, receiver }) => {
      await edits({ control }, 4)
      await crm.flushWebhooks()
      await expect.poll(receiver.broken, { timeout: 10_000 }).toBe(3)
      expect(names(receiver.received)).toEqual(['1', '2', '3', '4'])
      expect(crm.webhooks()).toMatchObject({ events: 4, sent: 7, delivered: 4, failed: 0 })
    }))
})

describe('the planner of fates', () => {
  const types: WebhookType[] = ['updated', 'converted', 'updated', 'discarded']
  const fates = (settings: object, seed: number, events = 400) => {
    const planner = createFatePlanner(webhookFaultsSchema.parse(settings), seed)
    return Array.from({ length: events }, (_, index) => planner.next(types[index % types.length]!))
  }
  const all = {
    lose: 0.1,
    duplicate: 0.3,
    reorder: 0.3,
    delayMs: { share: 0.2, ms: 5 },
    clockSkewS: { share: 0.1, seconds: 9 },
    v2: 0.1,
    half: 0.2,
    wrongSecret: 0.1,
  }

  it('repeats itself with the same seed and differs with another', () => {
    expect(fates(all, 7)).toEqual(fates(all, 7))
    expect(fates(all, 7)).not.toEqual(fates(all, 8))
  })

  it('hits about the asked share, and lets one fault go on as before when another is switched on', () => {
    const lost = fates(all, 3, 10_000).map((fate) => fate.lost)
    expect(lost.filter(Boolean).length).toBeGreaterThan(850)
    expect(lost.filter(Boolean).length).toBeLessThan(1_150)
    expect(fates({ lose: 0.1 }, 3, 10_000).map((fate) => fate.lost)).toEqual(lost)
  })

  it('holds behind one to the asked number, each of them', () => {
    expect(new Set(fates({ reorder: { events: 4 } }, 1).map(({ behind }) => behind))).toEqual(new Set([1, 2, 3, 4]))
  })

  it('meets the same fates over real webhooks', async () => {
    const run = () =>
      withWebhooks(
        { faults: { lose: 0.3, duplicate: 0.3, v2: 0.3 } },
        async ({ crm, control, receiver }) => {
          await edits({ control }, 40)
          await crm.flushWebhooks()
          const bodies = receiver.received.map(({ json }) => Object.keys(json.Lead)[0] + (json.Lead.Company ?? json.Lead.Empresa))
          return { bodies, struck: crm.webhooks().struck }
        },
        11,
      )
    const first = await run()
    expect(first.struck.lose).toBeGreaterThan(3)
    expect(await run()).toEqual(first)
  })
})
