/** Budgets and sales: told once, whatever fails in between; one lead never holds up another. The CRM is simulated, all else is real. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testSeed } from '../../base/testing/random.ts'
import type { Quota } from '../../connectors/crm/quota.ts'
import { spotter } from '../../connectors/crm/spotter/spotter.ts'
import { jobNamed } from '../catalogue.ts'
import type { Context } from '../context.ts'
import { balanceOf } from '../run/balance.ts'
import { runJob } from '../run/run-job.ts'
import { type Bridge, type BridgeOptions, openBridge, token } from '../testing/bridge.ts'
import { addBranch, mirrorLinked, seedReference, setBudget, setOrder } from '../testing/small-erp.ts'

const budgetJob = 'job_orca_lead_in_spotter'
const saleJob = 'job_vende_lead_in_spotter'

let bridge: Bridge
const open = async (options: BridgeOptions = {}) => {
  bridge = await openBridge({ settleMs: 60, ...options })
  await seedReference(bridge.erp)
}
beforeEach(() => open())
afterEach(() => bridge.close())

/** Leads in the CRM, linked to a branch of the same number and mirrored. */
async function leads(...ids: number[]): Promise<void> {
  await bridge.simulator.load(ids.map((id) => ({ kind: 'lead' as const, id, lead: `L${id}`, stage: 'Desenvolvimento/Orçamento' })))
  for (const id of ids) await addBranch(bridge.erp, { client: id, taxId: String(10_000_000_000_000 + id), idCrm: id })
  await mirrorLinked(bridge.erp)
}
const effects = async (kind: string) => (await bridge.simulator.effects({ by: 'api' })).filter((effect) => effect.kind === kind)
const writes = async () => (await bridge.simulator.effects({ by: 'api' })).map(({ kind }) => kind)
const products = (id: number) => bridge.simulator.state.products(id).map(({ labelValue }) => labelValue)
const mirror = async (id: number) =>
  (
    await bridge.erp.query(
      'select stage, trim_scale(budget_value)::text as budget, trim_scale(order_value)::text as "order" from leads where id = $1',
      [id],
    )
  ).rows[0]
const logged = async () => (await bridge.erp.query('select job, lead_id, field, value from log_execution_crm order by log_id')).rows
const changes = async (id: number) =>
  (
    await bridge.state.query('select status, sends, code, intent_at is not null as doubt from changes where key = $1 order by id', [
      String(id),
    ])
  ).rows
/** Time passes for what was tried. */
const wait = (minutes: number) => bridge.state.query(`update changes set updated_at = updated_at - $1 * interval '1 minute'`, [minutes])
const without = (crm: Context['crm'], changed: Partial<Context['crm']>): Context => ({ ...bridge.context, crm: { ...crm, ...changed } })

describe('a budget', () => {
  test('is put on its lead once, as a plain decimal; the next run sends nothing', async () => {
    await leads(1, 2)
    await setBudget(bridge.erp, 1, '123.000000')
    await setBudget(bridge.erp, 2, '0.10')
    const report = await bridge.run('job_budget_leads_in_crm')
    expect(report).toMatchObject({ job: budgetJob, status: 'success', counts: { leads: 2, delivered: 2 } })
    expect([products(1), products(2)]).toEqual([['123'], ['0.1']])
    expect((await effects('productAdded')).map(({ body }) => body)).toContainEqual({
      leadId: 1,
      products: [{ productId: 10001, quantity: 1, labelValue: '123' }],
    })
    expect(await mirror(1)).toMatchObject({ budget: '123', order: null })
    expect(await logged()).toContainEqual({ job: budgetJob, lead_id: '1', field: 'BUDGET_VALUE', value: '123' })
    expect(await balanceOf(bridge.state, report.run)).toMatchObject({ changed: 2, delivered: 2, balanced: true })
    const requests = bridge.simulator.requests().authenticated
    expect(await bridge.run(budgetJob)).toMatchObject({ status: 'skipped', message: 'nothing to do' })
    expect(bridge.simulator.requests().authenticated).toBe(requests)
    expect(await logged()).toHaveLength(2)
  })

  test('that changes replaces the product', async () => {
    await leads(1)
    await setBudget(bridge.erp, 1, '100')
    await bridge.run(budgetJob)
    await setBudget(bridge.erp, 1, '250.75')
    await bridge.run(budgetJob)
    expect(await writes()).toEqual(['productAdded', 'productRemoved', 'productAdded'])
    expect(products(1)).toEqual(['250.75'])
    expect(await mirror(1)).toMatchObject({ budget: '250.75' })
  })

  test('that the lead has already costs no write', async () => {
    await leads(1)
    await bridge.simulator.load([{ kind: 'products', leadId: 1, products: [{ productId: 10001, quantity: 1, labelValue: '100.00' }] }])
    await setBudget(bridge.erp, 1, '100')
    expect(await bridge.run(budgetJob)).toMatchObject({ counts: { delivered: 1 } })
    expect(await writes()).toEqual([])
    expect(await mirror(1)).toMatchObject({ budget: '100' })
  })

  test('goes through V, W and V again: three budgets, three times told', async () => {
    await leads(1)
    for (const value of ['1', '2', '1', '2', '1']) {
      await setBudget(bridge.erp, 1, value)
      expect(await bridge.run(budgetJob)).toMatchObject({ counts: { delivered: 1 } })
      expect(products(1)).toEqual([value])
    }
  })

  test('that the CRM does not take leaves the old one on the lead, waits longer each time, and arrives in the end', async () => {
    await leads(1)
    await setBudget(bridge.erp, 1, '100')
    await bridge.run(budgetJob)
    await setBudget(bridge.erp, 1, '200')
    for (const [tried, pause] of [
      [1, 1],
      [2, 4],
      [3, 16],
    ] as const) {
      bridge.simulator.setFaults({ errors400: { paths: ['recommendedProductsAdd'], times: 1 } })
      const refused = await bridge.run(budgetJob)
      expect(refused).toMatchObject({
        status: 'success',
        counts: { leads: 1, refused: 1 },
        message: '1 leads refused: 1 PRODUCT_ADD_FAILED',
      })
      expect(await balanceOf(bridge.state, refused.run)).toMatchObject({ changed: 1, failed: 1, balanced: true })
      expect((await changes(1)).at(-1)).toMatchObject({ status: 'failed', code: 'PRODUCT_ADD_FAILED', sends: tried })
      expect(products(1)).toEqual(['100'])
      const requests = bridge.simulator.requests().authenticated
      await wait(pause - 0.5)
      const early = await bridge.run(budgetJob)
      expect(early).toMatchObject({ status: 'skipped', counts: { waiting: 1 }, message: '1 leads wait for their next try' })
      expect(await balanceOf(bridge.state, early.run)).toMatchObject({ changed: 1, suppressed: 1, balanced: true })
      expect(bridge.simulator.requests().authenticated).toBe(requests)
      await wait(0.5)
    }
    bridge.simulator.setFaults({})
    expect(await bridge.run(budgetJob)).toMatchObject({ counts: { delivered: 1 } })
    expect(products(1)).toEqual(['200'])
  })

  test('that was refused is tried at once when its value changes', async () => {
    await leads(1)
    await setBudget(bridge.erp, 1, '100')
    bridge.simulator.setFaults({ errors400: { paths: ['recommendedProductsAdd'] } })
    await bridge.run(budgetJob)
    bridge.simulator.setFaults({})
    await setBudget(bridge.erp, 1, '101')
    expect(await bridge.run(budgetJob)).toMatchObject({ counts: { delivered: 1 } })
  })

  test('left between removal and adding by a run that died comes back, though the ERP has the old value again', async () => {
    await leads(1)
    await setBudget(bridge.erp, 1, '100')
    await bridge.run(budgetJob)
    await setBudget(bridge.erp, 1, '200')
    const { crm } = bridge.context
    const dying = async (): Promise<never> => {
      throw Object.assign(new Error('killed'), { code: 'EKILLED' })
    }
    await runJob(without(crm, { addRecommendedProducts: dying }), jobNamed(budgetJob))
    expect(products(1)).toEqual([])
    await setBudget(bridge.erp, 1, '100')
    expect(await bridge.run(budgetJob)).toMatchObject({ status: 'success', counts: { leads: 1, delivered: 1 } })
    expect(products(1)).toEqual(['100'])
    expect(await bridge.run(budgetJob)).toMatchObject({ status: 'skipped', counts: { leads: 0 } })
  })

  test('that the mirror forgets three times is held, and released by another value', async () => {
    await leads(1)
    await setBudget(bridge.erp, 1, '100')
    for (let sent = 0; sent < 3; sent++) {
      expect(await bridge.run(budgetJob)).toMatchObject({ counts: { delivered: 1 } })
      await bridge.erp.query('update leads set budget_value = null')
    }
    const held = await bridge.run(budgetJob)
    expect(held).toMatchObject({ status: 'skipped', counts: { held: 1 }, message: '1 leads are held: told three times without converging' })
    expect(await balanceOf(bridge.state, held.run)).toMatchObject({ changed: 1, failed: 1, balanced: true })
    await setBudget(bridge.erp, 1, '101')
    expect(await bridge.run(budgetJob)).toMatchObject({ counts: { delivered: 1, held: 0 } })
  })
})

describe('a sale', () => {
  test('wins its lead once, by the e-mail of its rep; the next run sends nothing', async () => {
    await leads(1)
    await setBudget(bridge.erp, 1, '100')
    await setOrder(bridge.erp, 1, '99.90')
    await bridge.run(budgetJob)
    const report = await bridge.run('job_vende_leads_in_crm')
    expect(report).toMatchObject({ job: saleJob, status: 'success', counts: { leads: 1, delivered: 1 } })
    expect((await effects('won')).map(({ body }) => body)).toEqual([
      {
        leadId: 1,
        salesRepEmail: 'rep7@example.com',
        ignoreSalesRep: false,
        products: [{ productId: 10001, quantity: 1, labelValue: '99.9' }],
      },
    ])
    // The stage comes by webhook.
    expect(await mirror(1)).toEqual({ stage: 'Desenvolvimento/Orçamento', budget: '100', order: '99.9' })
    expect(await logged()).toContainEqual({ job: saleJob, lead_id: '1', field: 'ORDER_VALUE', value: '99.9' })
    expect(await bridge.run(saleJob)).toMatchObject({ status: 'skipped' })
    expect(await effects('won')).toHaveLength(1)
  })

  test('without any e-mail is refused alone, and goes at once when the rep has one', async () => {
    await leads(1, 2)
    for (const id of [1, 2]) {
      await setBudget(bridge.erp, id, '100')
      await setOrder(bridge.erp, id, '100')
    }
    await bridge.erp.query('update branches set sales_rep = 99 where client = 1')
    expect(await bridge.run(saleJob)).toMatchObject({
      counts: { delivered: 1, refused: 1 },
      message: '1 leads refused: 1 MISSING_SALES_EMAIL',
    })
    expect(await bridge.run(saleJob)).toMatchObject({ status: 'skipped', counts: { waiting: 1 } })
    await bridge.erp.query(`update sales_reps set email = 'rest@example.com' where code = 99`)
    expect(await bridge.run(saleJob)).toMatchObject({ counts: { delivered: 1 } })
    expect(bridge.simulator.state.sale(1)).toMatchObject({ salesRepEmail: 'rest@example.com' })
  })

  test('without an e-mail of its own is credited to the configured address', async () => {
    await bridge.close()
    await open({ salesEmailFallback: 'sales@example.com' })
    await leads(1)
    await bridge.erp.query('update branches set sales_rep = 99')
    await setBudget(bridge.erp, 1, '100')
    await setOrder(bridge.erp, 1, '100')
    await bridge.run(saleJob)
    expect(bridge.simulator.state.sale(1)).toMatchObject({ salesRepEmail: 'sales@example.com' })
  })

  test('whose answer was lost is looked up, not repeated', async () => {
    await leads(1)
    await setBudget(bridge.erp, 1, '100')
    await setOrder(bridge.erp, 1, '100')
    bridge.simulator.setFaults({ answersLost: { paths: ['leadsWon'], times: 1 } })
    expect(await bridge.run(saleJob)).toMatchObject({ counts: { delivered: 1 } })
    expect(await effects('won')).toHaveLength(1)
    expect(bridge.simulator.requests().counts).not.toHaveProperty('POST leadsWon 400')
    expect(await mirror(1)).toMatchObject({ order: '100' })
  })

  test('left in doubt is adopted, although the webhook moved the stage and the view names the lead no more', async () => {
    await leads(1)
    await setBudget(bridge.erp, 1, '100')
    await setOrder(bridge.erp, 1, '100')
    bridge.simulator.setFaults({ answersLost: { paths: ['leadsWon'] }, errors5xx: { paths: ['LeadsSold'] } })
    expect(await bridge.run(saleJob)).toMatchObject({ status: 'failed', counts: { open: 1 } })
    bridge.simulator.setFaults({})
    expect(await mirror(1)).toMatchObject({ order: null })
    // It has no letter, and is not taken for one whose letter is lost.
    await bridge.run('job_execute_spark')
    expect(await changes(1)).toMatchObject([{ status: 'queued', doubt: true }])
    await bridge.erp.query(`update leads set stage = 'Ativação'`)
    expect(await bridge.run(saleJob)).toMatchObject({ status: 'success', counts: { leads: 1, delivered: 1 } })
    expect(await mirror(1)).toMatchObject({ order: '100' })
    expect(await effects('won')).toHaveLength(1)
    expect((await changes(1)).at(-1)).toMatchObject({ status: 'delivered' })
  })

  test('whose order is withdrawn while it waits for its turn is not made', async () => {
    await leads(1)
    await setBudget(bridge.erp, 1, '100')
    await setOrder(bridge.erp, 1, '100')
    const { erp } = bridge.context
    const soldLeads = async () => {
      const rows = await erp.soldLeads()
      await bridge.erp.query('delete from sales_order_item_delivery')
      return rows
    }
    const context = { ...bridge.context, erp: { ...erp, soldLeads } }
    const report = await runJob(context, jobNamed(saleJob))
    expect(report).toMatchObject({ status: 'success', counts: { leads: 1, withdrawn: 1, delivered: 0 } })
    expect(await balanceOf(bridge.state, report.run)).toMatchObject({ changed: 1, superseded: 1, balanced: true })
    expect(await effects('won')).toEqual([])
  })
})

describe('one lead among many', () => {
  test('that the CRM does not know is refused with its code; the others are told', async () => {
    await leads(1, 2, 3, 4, 5, 6, 7, 8)
    await addBranch(bridge.erp, { client: 9, taxId: '10000000000009', idCrm: 9 })
    await mirrorLinked(bridge.erp)
    for (let client = 1; client <= 9; client++) {
      await setBudget(bridge.erp, client, `${client}.5`)
      await setOrder(bridge.erp, client, `${client}`)
    }
    for (const job of [budgetJob, saleJob]) {
      const report = await bridge.run(job)
      expect(report).toMatchObject({
        status: 'success',
        counts: { leads: 9, delivered: 8, refused: 1 },
        message: '1 leads refused: 9 NOT_FOUND',
      })
      expect(await balanceOf(bridge.state, report.run)).toMatchObject({ changed: 9, delivered: 8, failed: 1, balanced: true })
    }
    expect(await effects('won')).toHaveLength(8)
  })

  test('for which the CRM always fails waits like a refused one, in doubt, and starves nobody', async () => {
    const broken = [1, 2, 3, 4, 5, 6, 7, 8]
    await leads(...broken, 9, 10)
    for (let client = 1; client <= 9; client++) {
      await setBudget(bridge.erp, client, '10')
      await setOrder(bridge.erp, client, '10')
    }
    const { crm } = bridge.context
    const asked: number[] = []
    const failing = without(crm, {
      winLead: async (sale, guard) => {
        asked.push(sale.leadId)
        if (!broken.includes(sale.leadId)) return crm.winLead(sale, guard)
        throw Object.assign(new Error('HTTP 500'), { code: 'ECONNRESET' })
      },
    })
    // These eight come before the ninth, and five failures in a row end a run.
    expect(await runJob(failing, jobNamed(saleJob))).toMatchObject({ status: 'failed', counts: { delivered: 0 } })
    await setBudget(bridge.erp, 10, '10')
    await setOrder(bridge.erp, 10, '10')
    asked.length = 0
    const second = await runJob(failing, jobNamed(saleJob))
    expect(second.counts).toMatchObject({ leads: 10, delivered: 2 })
    expect(await balanceOf(bridge.state, second.run)).toMatchObject({ changed: 10, delivered: 2, balanced: true })
    const tried = asked.filter((id) => broken.includes(id))
    expect(tried.length).toBeGreaterThanOrEqual(5)
    for (const id of tried) expect((await changes(id)).at(-1)).toMatchObject({ status: 'failed', code: 'ECONNRESET', doubt: true })
    asked.length = 0
    await runJob(failing, jobNamed(saleJob))
    expect(asked.filter((id) => tried.includes(id))).toEqual([])
    // In time they are well again.
    await wait(5)
    expect(await bridge.run(saleJob)).toMatchObject({ status: 'success', counts: { leads: 8, delivered: 8 } })
    expect(await effects('won')).toHaveLength(10)
  })

  test('that two branches are linked to is refused: their values would follow each other for ever', async () => {
    await leads(1, 2)
    await addBranch(bridge.erp, { client: 3, taxId: '10000000000003', idCrm: 1 })
    for (const client of [1, 2, 3]) await setBudget(bridge.erp, client, `${client}`)
    expect(await bridge.run(budgetJob)).toMatchObject({
      counts: { leads: 2, delivered: 1, refused: 1 },
      message: '1 leads refused: 1 AMBIGUOUS_LEAD',
    })
    expect(await writes()).toEqual(['productAdded'])
  })
})

describe('a CRM at its worst', () => {
  test('20% answers lost, 30% errors, some of them after the effect: every budget stands once, every lead is won once', {
    timeout: 180_000,
  }, async () => {
    const seed = testSeed()
    console.log(`seed ${seed}`)
    await bridge.close()
    await open({ simulator: { seed }, settleMs: 20, concurrency: 8 })
    const ids = Array.from({ length: 24 }, (_, index) => index + 1)
    await leads(...ids)
    let runs = 0
    for (const round of [1, 2]) {
      for (const id of ids) {
        await setBudget(bridge.erp, id, `${id * round}.25`)
        if (round === 2) await setOrder(bridge.erp, id, `${id}`)
      }
      for (const job of round === 1 ? [budgetJob] : [budgetJob, saleJob]) {
        // Once for all runs of the job: setting faults begins their sequence anew, and the last lead would meet the same fate for ever.
        bridge.simulator.setFaults({
          answersLost: 0.2,
          errors5xx: { share: 0.3, after: job === budgetJob && round === 1 },
          storm429: { share: 0.1, seconds: 0 },
        })
        for (let left = 1; left > 0; runs++) {
          expect(runs, 'it comes to an end').toBeLessThan(80)
          const report = await bridge.run(job)
          expect((await balanceOf(bridge.state, report.run)).balanced).toBe(true)
          left = Number(report.counts.open) + Number(report.counts.refused) + Number(report.counts.waiting)
          await wait(600)
        }
      }
    }
    console.log(`${runs} runs`)
    for (const id of ids) {
      expect(products(id)).toEqual([`${id * 2}.25`])
      expect(bridge.simulator.state.sale(id)).toMatchObject({ products: [{ labelValue: `${id}` }] })
      expect(await mirror(id)).toMatchObject({ budget: `${id * 2}.25`, order: `${id}` })
    }
    expect(await effects('won')).toHaveLength(ids.length)
    expect(await logged()).toHaveLength(ids.length * 3)
    bridge.simulator.setFaults({})
    for (const job of [budgetJob, saleJob]) expect(await bridge.run(job)).toMatchObject({ status: 'skipped', counts: { leads: 0 } })
  })

  test('away for long: each run stops early, spends no try, and leaves little behind', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => index + 1)
    await leads(...ids)
    for (const id of ids) await setBudget(bridge.erp, id, '7')
    bridge.simulator.setFaults({ errors5xx: 1 })
    for (let run = 0; run < 3; run++) {
      const report = await bridge.run(budgetJob)
      expect(report).toMatchObject({ status: 'failed', counts: { leads: 40, open: 40, refused: 0 } })
      expect(report.message).toContain('What was not told is tried again.')
      expect(await balanceOf(bridge.state, report.run)).toMatchObject({ changed: 40, pending: 40, balanced: true })
    }
    const { rows } = await bridge.state.query(`select count(*)::integer as n, max(sends) as sends from changes`)
    expect(rows[0].sends).toBe(1)
    expect(rows[0].n).toBeLessThan(40)
    bridge.simulator.setFaults({})
    // Longer than the breaker's pause: a quick run within it tells nothing, and the next one is the probe.
    await sleep(100)
    // Those beside its probe are still held back: that is nobody's fault either.
    expect(await bridge.run(budgetJob)).toMatchObject({ counts: { leads: 40, refused: 0 } })
    await bridge.run(budgetJob)
    expect(await effects('productAdded')).toHaveLength(40)
  })

  test('that refuses the token ends the run as a wrong configuration', async () => {
    await leads(1)
    await setBudget(bridge.erp, 1, '7')
    const crm = spotter({ baseUrl: bridge.simulator.url, token: 'wrong', quota: null })
    expect(await runJob({ ...bridge.context, crm }, jobNamed(budgetJob))).toMatchObject({
      status: 'failed',
      exitCode: 2,
      counts: { open: 1 },
    })
    await crm.close()
  })
})

describe('two workers', () => {
  test('at one time: one works, the other leaves it alone; every lead is told once', async () => {
    const ids = [1, 2, 3, 4, 5, 6]
    await leads(...ids)
    for (const id of ids) {
      await setBudget(bridge.erp, id, '10')
      await setOrder(bridge.erp, id, '10')
    }
    bridge.simulator.setFaults({ delayMs: 30 })
    for (const job of [budgetJob, saleJob]) {
      const reports = await Promise.all([bridge.run(job), bridge.run(job)])
      expect(reports.map(({ status }) => status).sort()).toEqual(['skipped', 'success'])
    }
    expect(await effects('won')).toHaveLength(6)
    expect(await effects('productAdded')).toHaveLength(6)
  })

  test('one stopped past its lease while it waits for the quota sends nothing when it wakes; the other makes the sale', async () => {
    await bridge.close()
    await open({ leaseMs: 400 })
    await leads(1)
    await setBudget(bridge.erp, 1, '10')
    await setOrder(bridge.erp, 1, '10')
    const quota: Quota = {
      async take() {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 900)
        return { fresh: () => true }
      },
      blockFor: async () => {},
      close: async () => {},
    }
    for (const job of [budgetJob, saleJob]) {
      const crm = spotter({ baseUrl: bridge.simulator.url, token, quota })
      expect(await runJob({ ...bridge.context, crm }, jobNamed(job))).toMatchObject({ status: 'failed', counts: { open: 1 } })
      await crm.close()
      expect(await writes()).toEqual(job === budgetJob ? [] : ['productAdded'])
      expect(await bridge.run(job)).toMatchObject({ status: 'success', counts: { delivered: 1 } })
    }
    expect(await writes()).toEqual(['productAdded', 'won'])
  })
})

const kills = process.env.PONTE_TEST_LONG === '1' ? 60 : 8
test(
  `after ${kills} SIGKILLs every budget stands once and every lead is won once`,
  async () => {
    await bridge.close()
    // Each child waits for the lease of the one before; shorter, a busy machine loses it by itself.
    await open({ leaseMs: 2_000, settleMs: 100, concurrency: 2 })
    // Slow enough that a kill falls into the middle of things.
    bridge.simulator.setFaults({ delayMs: 15 })
    const worker = join(import.meta.dirname, '../testing/worker.ts')
    const where = JSON.stringify(bridge.where)
    const ids = Array.from({ length: kills * 4 }, (_, index) => index + 1)
    await leads(...ids)
    for (let kill = 0; kill < kills; kill++) {
      for (const id of ids.slice(kill * 4, kill * 4 + 4)) {
        await setBudget(bridge.erp, id, '10')
        await setOrder(bridge.erp, id, `${id}`)
      }
      for (const id of ids.slice(0, kill * 4)) await setBudget(bridge.erp, id, `${20 + kill}`)
      const child = spawn(process.execPath, [worker, where, budgetJob, saleJob], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      const ended = once(child, 'exit')
      // At the n-th effect of this round: after it in the CRM, before anything that follows.
      let seen = 0
      const stop = bridge.simulator.onEffect(() => void (++seen === 1 + (kill % 5) && child.kill('SIGKILL')))
      expect(await ended).toEqual([null, 'SIGKILL'])
      stop()
    }
    bridge.simulator.setFaults({})
    const left = async () => [(await bridge.run(budgetJob)).counts.leads, (await bridge.run(saleJob)).counts.leads]
    await expect.poll(left, { timeout: 60_000, interval: 250 }).toEqual([0, 0])
    for (const job of [budgetJob, saleJob]) expect(await bridge.run(job)).toMatchObject({ status: 'skipped', counts: { leads: 0 } })

    const cut = await bridge.state.query(`select count(*)::integer as n from runs where message like 'the process ended%'`)
    expect(cut.rows[0].n).toBeGreaterThan(kills / 2)
    for (const id of ids) {
      expect((await mirror(id)).order).toBe(`${id}`)
      // While a killed worker's lease of budgets runs out, the next one sells: a budget that changed after that is only written down.
      const { budget } = await mirror(id)
      const said = (await logged()).filter(({ lead_id, field }) => lead_id === `${id}` && field === 'BUDGET_VALUE')
      expect([budget, `${budget} (the lead is sold)`]).toContain(said.at(-1)?.value)
      const told = said.filter(({ value }) => !value.endsWith(' (the lead is sold)')).map(({ value }) => value)
      expect(products(id)).toEqual(told.slice(-1))
    }
    expect((await effects('won')).map(({ id }) => id).sort((a, b) => a - b)).toEqual(ids)
    const { rows } = await bridge.state.query(`select status from changes where status not in ('delivered', 'superseded')`)
    expect(rows).toEqual([])
  },
  kills * 20_000,
)
