import { describe, expect, it } from 'vitest'
import fc from '../../../../base/testing/fast-check.ts'
import { withSimulator } from '../testing.ts'
import { createQuota, maxInWindow } from './quota.ts'
import { tooManyWire } from './wire.ts'

const windowMs = 1_000
/** Times between requests: mostly bursts, sometimes a window to the millisecond, sometimes fractions. */
const gaps = fc.array(
  fc.oneof(fc.constantFrom(0, 0.1, windowMs - 1, windowMs, windowMs / 3), fc.double({ min: 0, max: 400, noNaN: true })),
  {
    maxLength: 80,
  },
)

describe('the sliding log', () => {
  it('never lets more than the limit through any window, and refuses only when the window is full', () => {
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 6 }), fc.boolean(), (steps, limit, countRefused) => {
        const quota = createQuota({ limit, windowMs, countRefused })
        const counted: number[] = []
        const admitted: number[] = []
        let now = 1_000_000.3
        for (const step of steps) {
          now += step
          const full = counted.filter((at) => now - at < windowMs).length >= limit
          const { ok } = quota.admit(now)
          expect(ok).toBe(!full)
          if (ok) admitted.push(now)
          if (ok || countRefused) counted.push(now)
        }
        expect(maxInWindow(admitted, windowMs)).toBeLessThanOrEqual(limit)
      }),
      { numRuns: process.env.PONTE_TEST_LONG === '1' ? 20_000 : 500 },
    )
  })

  it('names the wait after which, and not a millisecond sooner, a request gets in', () => {
    for (const countRefused of [false, true]) {
      for (const [early, ok] of [
        [1, false],
        [0, true],
      ] as const) {
        const quota = createQuota({ limit: 2, windowMs, countRefused })
        quota.admit(0)
        quota.admit(600)
        const refused = quota.admit(700)
        expect(refused).toEqual({ ok: false, waitMs: countRefused ? 900 : 300 })
        expect(quota.admit(700 + (refused.ok ? 0 : refused.waitMs) - early).ok).toBe(ok)
      }
    }
  })
})

describe('maxInWindow', () => {
  it.each<[number[], number]>([
    [[], 0],
    [[5], 1],
    [[0, 999], 2],
    [[0, 1000], 1],
    [[0, 500, 1000, 1499], 3],
    [[0, 0, 0, 5000, 5000], 3],
  ])('of %j is %i', (arrivals, most) => {
    expect(maxInWindow(arrivals, windowMs)).toBe(most)
  })
})

describe('over HTTP', () => {
  it('lets 30 of 40 requests through, whoever they are about, and answers 429 to the rest', () =>
    withSimulator({ quota: {} }, async ({ ask, crm }) => {
      const statuses = await Promise.all(
        Array.from({ length: 40 }, (_, index) => ask('GET', index % 2 ? 'Leads' : 'nothing').then(({ status }) => status)),
      )
      expect(statuses.filter((status) => status === 429)).toHaveLength(10)
      const refused = await ask('POST', 'LeadsAdd', { lead: { name: 'x' } })
      expect(refused.json).toEqual({ error: { code: '429', message: 'Too many requests' } })
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(crm.state.counts.leads).toBe(0)
      expect(crm.requests()).toMatchObject({
        authenticated: 41,
        admitted: 30,
        windowMs: 20_000,
        maxInWindow: { authenticated: 41, admitted: 30 },
      })
    }))

  it('spends no quota on requests without the token', () =>
    withSimulator({ quota: { limit: 1 } }, async ({ ask }) => {
      for (let turn = 0; turn < 3; turn += 1) expect((await ask('GET', 'Leads', undefined, {})).status).toBe(401)
      expect((await ask('GET', 'Leads')).status).toBe(200)
    }))

  it('lets requests in again after the wait that Retry-After named', () =>
    withSimulator({ quota: { limit: 2, windowMs: 900 } }, async ({ ask, crm }) => {
      // Together: one after another they might not meet in one window.
      const answers = await Promise.all([1, 2, 3].map(() => ask('GET', 'Leads')))
      const refused = answers.filter(({ status }) => status === 429)
      expect(refused.map(({ headers }) => headers.get('retry-after'))).toEqual(['1'])
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      expect((await ask('GET', 'Leads')).status).toBe(200)
      expect(crm.requests().maxInWindow.admitted).toBe(2)
    }))

  it.each([
    ['date', /GMT$/],
    ['none', /^null$/],
  ] as const)('says when to come back as %s', (retryAfter, form) =>
    withSimulator({ quota: { limit: 1, retryAfter } }, async ({ ask }) => {
      await ask('GET', 'Leads')
      expect(String((await ask('GET', 'Leads')).headers.get('retry-after'))).toMatch(form)
    }),
  )

  it('can refuse with HTTP 200 and an error in the body', () =>
    withSimulator({ quota: { limit: 1, answer: 'ok-with-error' } }, async ({ ask }) => {
      await ask('GET', 'Leads')
      const { status, json } = await ask('GET', 'Leads')
      expect([status, json.error.code]).toEqual([200, '429'])
    }))
})

it('rounds the wait up, so that a client that obeys is never early', () => {
  const now = Date.UTC(2026, 0, 1, 0, 0, 0, 400)
  expect(tooManyWire(1_001, 'seconds', '429', now).headers['retry-after']).toBe('2')
  expect(Date.parse(tooManyWire(1_001, 'date', '429', now).headers['retry-after']!)).toBe(Date.UTC(2026, 0, 1, 0, 0, 2))
})
