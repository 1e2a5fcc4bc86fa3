/** The demo's second half: people work in the CRM, signed webhooks bring it to the ERP, budgets and sales go out, then both sides are at rest. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Closer } from '../../cli/closer.ts'
import type { Settings } from '../../deploy/env.ts'
import { jobs, recordJobs } from '../../jobs/catalogue.ts'
import type { Context, Job } from '../../jobs/context.ts'
import { budgetLeads } from '../../jobs/deals/orca-leads.ts'
import { sellLeads } from '../../jobs/deals/vende-leads.ts'
import type { RunReport } from '../../jobs/run/run-job.ts'
import type { CrmSimulator } from '../simulators/crm/simulator.ts'
import { type DemoApi, openDemoApi } from './api.ts'
import { workInCrm } from './crm-users.ts'
import { clientCodes, countErpWrites, dueCommerce, eventNow, eventsSince, landed } from './figures.ts'
import type { Place } from './place.ts'

export interface WayBackFigures {
  /** Webhooks that the API took in. */
  readonly webhooks: number
  /** Events of leads and contacts that changed the ERP's database. */
  readonly erpApplied: number
  readonly budgets: number
  readonly sales: number
  readonly echoesSuppressed: number
  readonly conflicts: number
  readonly idleCycles: { readonly changes: number; readonly crmWrites: number; readonly erpWrites: number }
}

export interface DemoStage {
  readonly place: Place
  readonly settings: Settings
  readonly context: Context
  readonly simulator: CrmSimulator
  readonly closer: Closer
  readonly seed: number
  tell(text: string): void
  detail(text: string): void
  /** Runs these jobs once; throws when one fails. */
  run(wanted: readonly Job[]): Promise<RunReport[]>
}

const idle = 3

export async function wayBack(stage: DemoStage): Promise<{ figures: WayBackFigures; ok: boolean }> {
  const { place, context, simulator, closer, settings, tell, detail } = stage
  const since = await eventNow(context)

  tell('The way back: the API takes in the CRM’s webhooks, signed, and wakes its jobs')
  const api = await openDemoApi(context, settings, simulator, closer)
  detail(`${api.url} (what it answers: ${api.url}/docs)`)

  tell(
    'People work in the CRM: conversions, new companies, other phones and representatives, discards, contacts; five also in the ERP at once',
  )
  const work = await workInCrm(place, simulator.controlUrl, stage.seed)
  await settled(simulator, api)
  const first = await landed(place, work)
  detail(
    `${first.newClients} of ${work.newLeads.length} new companies are ERP clients with their contacts; ${first.mirrored} of ${work.conversions.length + work.newLeads.length} converted leads and ${first.updated} of ${work.updates.length} updates arrived`,
  )
  detail(`${first.discarded} of ${work.discards.length} discarded leads left the mirror; the ERP keeps its clients`)

  tell('A cycle of all jobs: client codes go back, budgets and sales go out, the CRM answers with webhooks')
  const due = await dueCommerce(context)
  let [budgets, sales] = [0, 0]
  for (let cycle = 0; cycle < 2; cycle++) {
    const reports = await allJobs(stage, api)
    budgets += toldOf(reports, 'job_orca_lead_in_spotter')
    sales += toldOf(reports, 'job_vende_lead_in_spotter')
  }
  const codes = await clientCodes(context, place, work.newLeads)
  detail(`${codes} of ${work.newLeads.length} new leads carry their ERP client code; ${budgets} budgets and ${sales} sales told`)

  tell(`${idle} idle cycles: nothing changed on either side, so nothing must happen`)
  const idleCycles = await idleFigures(stage, api)
  detail(`${idleCycles.changes} differences, ${idleCycles.crmWrites} writes to the CRM, ${idleCycles.erpWrites} to the ERP`)

  const events = await eventsSince(context, since)
  const figures = { webhooks: simulator.webhooks().delivered, ...events, budgets, sales, idleCycles }
  detail(
    `${figures.webhooks} webhooks, ${figures.erpApplied} changes of the ERP, ${figures.echoesSuppressed} echoes suppressed, ${figures.conflicts} conflicts (ponte conflicts lists them)`,
  )
  const ok =
    first.newClients === work.newLeads.length &&
    first.mirrored === work.conversions.length + work.newLeads.length &&
    first.updated === work.updates.length &&
    first.discarded === work.discards.length &&
    codes === work.newLeads.length &&
    figures.conflicts === work.clashes.length &&
    budgets === due.budgets &&
    sales === due.sales &&
    Object.values(idleCycles).every((count) => count === 0)
  return { figures, ok }
}

/** Every scheduled job once: what goes out, the webhooks that answer it, what comes in. */
async function allJobs(stage: DemoStage, api: DemoApi): Promise<RunReport[]> {
  const scheduled = jobs.filter((job) => !job.manual)
  const isOut = (job: Job) => recordJobs.includes(job) || job === budgetLeads || job === sellLeads
  api.hold()
  const out = await stage.run(scheduled.filter(isOut))
  await settled(stage.simulator, api)
  const back = await stage.run(scheduled.filter((job) => !isOut(job)))
  await settled(stage.simulator, api)
  return [...out, ...back]
}

/** Every webhook was delivered and every job that it woke has ended. */
async function settled(simulator: CrmSimulator, api: DemoApi): Promise<void> {
  for (let quiet = 0; quiet < 2; quiet++) {
    await simulator.flushWebhooks()
    api.release()
    await api.waker.idle()
    await sleep(20)
  }
}

const toldOf = (reports: readonly RunReport[], job: string): number => {
  const counts = reports.find((report) => report.job === job)?.counts ?? {}
  return Number(counts.delivered ?? 0) + Number(counts.alreadySold ?? 0)
}

async function idleFigures(stage: DemoStage, api: DemoApi): Promise<WayBackFigures['idleCycles']> {
  const { simulator, place } = stage
  const effects = async () => (await simulator.effects({ by: 'api' })).length
  const before = await effects()
  const erpWrites = await countErpWrites(place)
  let changes = 0
  for (let cycle = 0; cycle < idle; cycle++) {
    const reports = await allJobs(stage, api)
    changes += Number(reports.find((report) => report.job === 'job_execute_spark')?.counts.changed ?? 0)
  }
  return { changes, crmWrites: (await effects()) - before, erpWrites: await erpWrites() }
}
