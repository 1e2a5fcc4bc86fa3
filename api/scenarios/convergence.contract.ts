/**
 * Both sides come to rest: random histories of edits on both sides, lost answers, lost, doubled and reordered webhooks,
 * crashes in between. Afterwards both sides are quiet within two cycles and agree, and no write of the CRM was surplus.
 * A suite for an ERP of any dialect; PONTE_TEST_SEED repeats.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import fc from '../../base/testing/fast-check.ts'
import { testSeed } from '../../base/testing/random.ts'
import type { Dialect } from '../../connectors/erp/open.ts'
import { addBranch, addContact, seedReference } from '../../jobs/testing/small-erp.ts'
import { differences, doubled, surplusWrites } from '../testing/agree.ts'
import { type Player, play, taxIdOf } from '../testing/play.ts'
import { openTwoWay, type TwoWay } from '../testing/two-way.ts'
import { crmLeadValues, erpLeadValues, erpVersions, history, jobNames, type Pair, type Step } from '../testing/world.ts'

const seed = testSeed()
/** Histories that share a house; a house grows with each. */
const HOUSE = 50

let it: TwoWay
let pool: Pair[] = []
let used = 0

async function openHouse(dialect: Dialect, perHouse: number): Promise<void> {
  it = await openTwoWay({ dialect, settleMs: 20, leaseMs: 2_000, webhooks: { baseMs: 5, maxMs: 50 } })
  await seedReference(it.bridge.sql)
  for (const industry of ["'10', 'OUTROS'", "'20', 'VAREJO'", "'30', 'ATACADO'"])
    await it.bridge.sql.query(`insert into industries (industry, description) values (${industry})`)
  const clients = Array.from({ length: 2 * perHouse }, (_, n) => 1_000 + n)
  for (const client of clients) {
    await addBranch(it.bridge.sql, { client, taxId: taxIdOf(client), name: `Cliente ${client}` })
    await addContact(it.bridge.sql, {
      code: client,
      client,
      name: 'Ana',
      email: `ana${client}@example.com`,
      title: 'Compras',
      primary: true,
    })
  }
  await it.bridge.cycle()
  const { rows } = await it.bridge.sql.query(
    'select b.client, b.id_crm as lead_id, c.id_crm as person_id from branches b join contact c on c.branch_client = b.client order by b.client',
  )
  pool = rows.map((row) => ({ client: Number(row.client), leadId: Number(row.lead_id), personId: Number(row.person_id) }))
  for (const { leadId } of pool) await it.crmUser('POST', `leads/${leadId}`, { stage: 'Desenvolvimento/Orçamento' })
  await it.round()
  await it.round()
  used = 0
}

/** @param kills histories beside a worker that is killed with SIGKILL */
export function testConvergence(
  dialect: Dialect,
  { histories, kills, timeout }: { histories: number; kills: number; timeout: number },
): void {
  describe(`an ERP on ${dialect}`, () => {
    const perHouse = Math.min(HOUSE, Math.max(histories, kills))
    beforeAll(() => openHouse(dialect, perHouse), 600_000)
    afterAll(() => it.close())

    test(`${histories} random histories end in agreement, seed ${seed}`, { timeout }, async () => {
      console.log(`convergence on ${dialect}: ${histories} histories, seed ${seed}`)
      let n = 100_000
      let played = 0
      await fc.assert(
        fc.asyncProperty(history, async (steps) => {
          if (used === perHouse) {
            await it.close()
            await openHouse(dialect, perHouse)
          }
          const pairs = pool.slice(2 * used, 2 * used + 2)
          used++
          await oneHistory({ it, pairs, fresh: () => n++ }, steps)
          played++
        }),
        { numRuns: histories, seed, endOnFailure: true },
      )
      expect(played).toBe(histories)
    })

    test(`${kills} histories with a worker that is killed with SIGKILL, seed ${seed}`, { timeout }, async () => {
      await it.close()
      await openHouse(dialect, perHouse)
      console.log(`convergence on ${dialect}: ${kills} kills, seed ${seed}`)
      const random = fc.sample(fc.tuple(history, fc.integer({ min: 0, max: 150 })), { numRuns: kills, seed })
      const killedIn = new Map<string, number>()
      let n = 200_000
      for (const [index, [steps, delayMs]] of random.entries()) {
        const pairs = pool.slice(2 * used, 2 * used + 2)
        used++
        const victim = jobNames[index % jobNames.length]!
        const job = await oneHistory({ it, pairs, fresh: () => n++ }, steps, async (edits) => {
          // The edits are made while the worker starts, so that its first jobs have work to do.
          const worker = startWorker(it, victim)
          await Promise.all([edits(), worker.comesTo(victim)])
          await sleep(delayMs)
          return worker.kill()
        })
        killedIn.set(job!, (killedIn.get(job!) ?? 0) + 1)
      }
      console.log(`convergence on ${dialect}: killed in ${[...killedIn].map(([job, times]) => `${job} ${times}`).join(', ')}`)
    })
  })
}

/** A process that runs the jobs in a loop, `jobs/testing/worker.ts`: what the victim needs first, the victim, then all others. */
function startWorker({ bridge }: TwoWay, victim: string) {
  const first = /spotter$/.test(victim) ? ['job_execute_spark', victim] : [victim]
  const order = [...first, ...jobNames.filter((name) => !first.includes(name))]
  const file = join(import.meta.dirname, '../../jobs/testing/worker.ts')
  const worker = spawn(process.execPath, [file, JSON.stringify(bridge.where), ...order], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const announced: string[] = []
  worker.stdout.on('data', (chunk: Buffer) => announced.push(...String(chunk).trim().split('\n')))
  return {
    async comesTo(job: string): Promise<void> {
      while (!announced.includes(job)) await once(worker.stdout, 'data')
    },
    /** @returns the job in which it died */
    async kill(): Promise<string> {
      const ended = once(worker, 'exit')
      worker.kill('SIGKILL')
      expect(await ended).toEqual([null, 'SIGKILL'])
      return announced.at(-1)!
    },
  }
}

/** Steps that people do; jobs and crashes are the worker's and the kill's. */
const isEdit = (step: Step): boolean => step.do !== 'job' && step.do !== 'crash' && step.do !== 'way-out'

/** @param beside runs the edits beside something else; default: every step, one after another */
async function oneHistory(
  player: Player,
  steps: readonly Step[],
  beside?: (edits: () => Promise<void>) => Promise<string>,
): Promise<string | undefined> {
  const { simulator, state, sql } = it.bridge
  const { seq: since, time } = (await simulator.effects()).at(-1)!
  const playAll = async (wanted: readonly Step[]) => {
    for (const step of wanted) await play(player, step)
  }
  const beheld = beside ? await beside(() => playAll(steps.filter(isEdit))) : await playAll(steps)
  // The storm is over; what was under way ends; the leads are where they are kept in step.
  simulator.setFaults({})
  await simulator.flushWebhooks()
  it.webhooks({})
  for (const { leadId } of player.pairs) await it.crmUser('POST', `leads/${leadId}`, { stage: 'Ativação' })
  await state.query(`update leases set expires_at = '-infinity'`)

  // Either way may look first at what is left: what came in, or what goes out.
  if (steps.length % 2 === 1) await it.bridge.cycle()
  await it.round()
  await it.round()
  const effects = (await simulator.effects()).length
  const versions = await erpVersions(it)
  const third = await it.round()
  expect((await simulator.effects()).length, 'the third cycle writes nothing to the CRM').toBe(effects)
  expect(await erpVersions(it), 'the third cycle writes nothing to the ERP').toBe(versions)
  expect(third.filter((report) => report.status === 'failed').map(({ job, message }) => ({ job, message }))).toEqual([])

  expect(await differences(it, time)).toEqual([])
  expect(await doubled(it)).toEqual([])
  expect(surplusWrites(await simulator.effects()).filter((effect) => effect.seq > since)).toEqual([])
  expect((await state.query(`select entity, key, status, code from changes where status in ('queued', 'failed')`)).rows).toEqual([])
  await keepsWhatOneSideSaid(player, steps)
  expect(Number((await sql.query('select count(*) as n from error_log')).rows[0].n)).toBe(0)
  return beheld ?? undefined
}

/** A field that only one side touched ends with what that side said last; the ERP's own fields end as the ERP has them in any case. */
async function keepsWhatOneSideSaid({ pairs }: Player, steps: readonly Step[]): Promise<void> {
  const plain = (text: unknown) =>
    String(text ?? '')
      .replace(/[^\p{L}\p{N}]/gu, '')
      .toUpperCase()
  for (const [index, pair] of pairs.entries()) {
    const branch = (await it.bridge.sql.query('select * from branches where client = $1', [pair.client])).rows[0]
    const last = (kind: Step['do'], field: string): number | undefined =>
      steps
        .flatMap((step) => (step.do === kind && 'field' in step && step.field === field && step.pair === index ? [step.value] : []))
        .at(-1)
    for (const column of Object.keys(erpLeadValues)) {
      const value = last('erp-lead', column)
      const twin = { sales_rep: '_cod.gestores', tax_registration: '_inscricaoestadual' }[column]
      if (value === undefined || (twin !== undefined && last('crm-custom', twin) !== undefined)) continue
      expect(plain(branch[column]), `branch ${pair.client} ${column}`).toBe(plain(erpLeadValues[column]![value]))
    }
    const phone = last('crm-lead', 'phone1')
    if (phone !== undefined) expect(branch.phone).toBe(crmLeadValues.phone1![phone])
    const rep = steps
      .flatMap((step) => (step.do === 'crm-custom' && step.field === '_cod.gestores' && step.pair === index ? [step.value] : []))
      .at(-1)
    if (rep !== undefined && last('erp-lead', 'sales_rep') === undefined) expect(String(branch.sales_rep)).toBe(['7', '9', '10'][rep])
  }
}
