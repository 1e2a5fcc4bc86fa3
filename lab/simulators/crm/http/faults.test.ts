import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type asker, query, token, withSimulator } from '../testing.ts'
import { faultsSchema } from './fault-settings.ts'
import { createFaultPlanner } from './faults.ts'

const add = (name: string) => ({ lead: { name } })
/** Status of each of `times` creates; 0 for a cut connection. */
async function creates(ask: ReturnType<typeof asker>, times: number): Promise<number[]> {
  const statuses: number[] = []
  for (let turn = 0; turn < times; turn += 1) {
    statuses.push(
      await ask('POST', 'LeadsAdd', add(`n${turn}`)).then(
        ({ status }) => status,
        () => 0,
      ),
    )
  }
  return statuses
}

describe('faults', () => {
  it('answersLost: the effect is done and saved, the caller hears nothing', () =>
    withSimulator({}, async ({ ask, crm }) => {
      crm.setFaults({ answersLost: 1 })
      expect(await creates(ask, 3)).toEqual([0, 0, 0])
      expect(await crm.effects({ kind: 'leadAdded' })).toHaveLength(3)
      expect(crm.requests().counts).toEqual({ 'POST leadsadd 0': 3 })
    }))

  it('connectionsReset: the caller hears nothing, and nothing was done', () =>
    withSimulator({}, async ({ ask, crm }) => {
      crm.setFaults({ connectionsReset: { share: 1, times: 2 } })
      expect(await creates(ask, 3)).toEqual([0, 0, 201])
      expect(await crm.effects()).toHaveLength(1)
    }))

  it('errors5xx: all four statuses, before the effect; 502 as a page', () =>
    withSimulator({}, async ({ ask, crm }) => {
      crm.setFaults({ errors5xx: 1 })
      expect(new Set(await creates(ask, 40))).toEqual(new Set([500, 502, 503, 504]))
      expect(await crm.effects()).toEqual([])
      crm.setFaults({ errors5xx: { statuses: [502] } })
      const { headers, text } = await ask('GET', 'Leads')
      expect(headers.get('content-type')).toBe('text/html')
      expect(text).toMatch(/^<html>/)
    }))

  it('errors5xx with after: the effect is there all the same', () =>
    withSimulator({}, async ({ ask, crm }) => {
      crm.setFaults({ errors5xx: { after: true, statuses: [503] } })
      expect(await creates(ask, 2)).toEqual([503, 503])
      expect(await crm.effects()).toHaveLength(2)
    }))

  it('storm429: refuses with the chosen Retry-After though the quota is off', () =>
    withSimulator({}, async ({ ask, crm }) => {
      crm.setFaults({ storm429: { seconds: 7 } })
      const refused = await ask('POST', 'LeadsAdd', add('x'))
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '7'])
      crm.setFaults({ storm429: { retryAfter: 'none' } })
      expect((await ask('GET', 'Leads')).headers.get('retry-after')).toBeNull()
      crm.setFaults({ storm429: { retryAfter: 'date', seconds: 60 } })
      expect(Date.parse((await ask('GET', 'Leads')).headers.get('retry-after')!) - Date.now()).toBeGreaterThan(58_000)
      expect(await crm.effects()).toEqual([])
    }))

  it('errors400: refused in the error shape, nothing done', () =>
    withSimulator({}, async ({ ask, crm }) => {
      crm.setFaults({ errors400: 1 })
      const { status, json } = await ask('POST', 'LeadsAdd', add('x'))
      expect([status, json]).toEqual([400, { error: { code: '', message: 'An error has occurred.' } }])
      expect(await crm.effects()).toEqual([])
    }))

  it('malformedJson: the effect is done, the JSON breaks off', () =>
    withSimulator({}, async ({ ask, crm }) => {
      crm.setFaults({ malformedJson: 1 })
      const { status, json, text } = await ask('POST', 'LeadsAdd', add('x'))
      expect([status, json]).toEqual([201, undefined])
      expect(text).toMatch(/^\{"/)
      expect(await crm.effects()).toHaveLength(1)
    }))

  it('delayMs: late, and done even when the caller has hung up', () =>
    withSimulator({}, async ({ crm }) => {
      crm.setFaults({ delayMs: 300 })
      const hungUp = fetch(`${crm.url}LeadsAdd`, {
        method: 'POST',
        headers: { token_exact: token },
        body: JSON.stringify(add('late')),
        signal: AbortSignal.timeout(100),
      })
      await expect(hungUp).rejects.toThrow()
      expect(await crm.effects()).toEqual([])
      await expect.poll(() => crm.state.counts.leads).toBe(1)
    }))

  it('replyLate: done at once, told later', () =>
    withSimulator({}, async ({ ask, crm }) => {
      crm.setFaults({ replyLate: { ms: 1_500 } })
      const begun = performance.now()
      const answer = ask('POST', 'LeadsAdd', add('x'))
      await expect.poll(() => crm.state.counts.leads, { interval: 10 }).toBe(1)
      expect(performance.now() - begun).toBeLessThan(1_500)
      expect((await answer).status).toBe(201)
      expect(performance.now() - begun).toBeGreaterThanOrEqual(1_499)
    }))

  it('a stalled request dies with the simulator, without its effect', () =>
    withSimulator({}, async ({ ask, crm }) => {
      crm.setFaults({ stallMs: { ms: 30_000, paths: ['LeadsAdd'] } })
      const stalled = ask('POST', 'LeadsAdd', add('x'))
      const dies = expect(stalled).rejects.toThrow()
      expect((await ask('GET', 'Leads')).status).toBe(200)
      await sleep(20)
      await crm.close()
      await dies
      expect(crm.state.counts.leads).toBe(0)
    }))

  it('ignoreFilter: all rows come back', () =>
    withSimulator({}, async ({ ask, crm }) => {
      await creates(ask, 3)
      const one = `Leads?${query({ filter: 'id eq 2' })}`
      expect((await ask('GET', one)).json.value).toHaveLength(1)
      crm.setFaults({ ignoreFilter: 1 })
      expect((await ask('GET', one)).json.value).toHaveLength(3)
    }))

  it('pageDrift: pages without an order lose or double rows, ordered ones do not unless told so', () =>
    withSimulator({}, async ({ ask, crm }) => {
      await creates(ask, 20)
      crm.setFaults({ pageDrift: { rows: 3 } })
      const pages = async (order: string) => {
        const ids: number[] = []
        for (let skip = 0; skip < 20; skip += 5) {
          const { value } = (await ask('GET', `Leads?$top=5&$skip=${skip}${order}`)).json
          ids.push(...value.map(({ id }: { id: number }) => id))
        }
        return ids
      }
      const straight = Array.from({ length: 20 }, (_, index) => index + 1)
      expect(await pages('')).not.toEqual(straight)
      expect(await pages('&$orderby=id')).toEqual(straight)
      crm.setFaults({ pageDrift: { rows: 3, evenOrdered: true } })
      expect(await pages('&$orderby=id')).not.toEqual(straight)
    }))

  it('hit only the named paths and methods', () =>
    withSimulator({}, async ({ ask, crm }) => {
      crm.setFaults({ errors5xx: { paths: ['LEADSADD'], methods: ['post'] } })
      expect((await ask('GET', 'Leads')).status).toBe(200)
      expect((await ask('POST', 'LeadsAdd', add('x'))).status).toBeGreaterThanOrEqual(500)
    }))

  it('are over after their times, and with {}', () =>
    withSimulator({}, async ({ ask, crm }) => {
      crm.setFaults({ errors5xx: { times: 2, statuses: [500] } })
      expect(await creates(ask, 3)).toEqual([500, 500, 201])
      crm.setFaults({ errors5xx: 1 })
      crm.setFaults({})
      expect(await creates(ask, 1)).toEqual([201])
    }))
})

describe('the planner', () => {
  const fates = (settings: object, seed: number, requests = 400) => {
    const planner = createFaultPlanner(faultsSchema.parse(settings), seed)
    return Array.from({ length: requests }, () => planner.plan('GET', 'leads'))
  }

  it('repeats itself with the same seed and differs with another', () => {
    const settings = { answersLost: 0.2, errors5xx: 0.3, pageDrift: 0.5 }
    expect(fates(settings, 7)).toEqual(fates(settings, 7))
    expect(fates(settings, 7)).not.toEqual(fates(settings, 8))
  })

  it('hits about the asked share', () => {
    const hit = fates({ answersLost: 0.2 }, 1, 10_000).filter(({ after }) => after === 'cut').length
    expect(hit).toBeGreaterThan(1_850)
    expect(hit).toBeLessThan(2_150)
  })

  it('lets one fault go on as before when another is switched on', () => {
    const cut = (settings: object) => fates(settings, 3).map(({ after }) => after)
    expect(cut({ answersLost: 0.5, ignoreFilter: 0.5 })).toEqual(cut({ answersLost: 0.5 }))
  })
})
