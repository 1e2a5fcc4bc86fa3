/** The demo's second half: people work in the CRM, signed webhooks bring it to the ERP, budgets and sales go out, then both sides are at rest. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Settings } from '../deploy/env.ts'
import { jobs, recordJobs } from '../jobs/catalogue.ts'
import type { Context, Job } from '../jobs/context.ts'
import { budgetLeads } from '../jobs/orca-leads.ts'
import type { RunReport } from '../jobs/run-job.ts'
import { sellLeads } from '../jobs/vende-leads.ts'
import type { CrmSimulator } from '../simulators/crm/simulator.ts'
import type { Closer } from './closer.ts'
import { type DemoApi, openDemoApi } from './demo-api.ts'
import { type CrmWork, workInCrm } from './demo-crm-users.ts'
import type { Place } from './demo-place.ts'

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
  const due = await dueCommerce(place)
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

/** What the ERP's views say that the CRM was not told yet. */
async function dueCommerce({ erp }: Place): Promise<{ budgets: number; sales: number }> {
  const { rows } = await erp.query<{ budgets: number; sales: number }>(
    `select (select count(distinct id)::integer from view_leads_budgeted) as budgets, (select count(distinct id)::integer from view_leads_sold) as sales`,
  )
  return rows[0]!
}

const toldOf = (reports: readonly RunReport[], job: string): number => {
  const counts = reports.find((report) => report.job === job)?.counts ?? {}
  return Number(counts.delivered ?? 0) + Number(counts.alreadySold ?? 0)
}

/** What of the work shows in the ERP's database. */
async function landed({ erp }: Place, work: CrmWork) {
  const count = async (sql: string, ids: readonly number[]) =>
    (await erp.query<{ n: number }>(`select count(*)::integer as n from ${sql}`, [ids])).rows[0]!.n
  return {
    newClients: await count(
      `branches b join clients c on c.client_code = b.client where b.id_crm = any($1) and c.created_by = 'CRM' and exists (select from contact p where p.branch_client = b.client)`,
      work.newLeads,
    ),
    mirrored: await count('leads where id = any($1)', [...work.conversions, ...work.newLeads]),
    updated: await count(`branches where id_crm = any($1) and phone like '5511960000%'`, work.updates),
    discarded: work.discards.length - (await count('leads where id = any($1)', work.discards)),
  }
}

async function clientCodes({ crm }: Context, { erp }: Place, leadIds: readonly number[]): Promise<number> {
  const { rows } = await erp.query<{ id: number; code: string }>(
    'select id_crm::integer as id, client::text as code from branches where id_crm = any($1)',
    [leadIds],
  )
  const held = await crm.customFieldsOf(leadIds)
  return rows.filter(({ id, code }) => held.get(id)?.some((field) => field.id === '_cod.cliente' && field.value === code)).length
}

async function idleFigures(stage: DemoStage, api: DemoApi): Promise<WayBackFigures['idleCycles']> {
  const { simulator, place } = stage
  const effects = async () => (await simulator.effects({ by: 'api' })).length
  const before = await effects()
  const { rows } = await place.erp.query<{ now: string }>('select pg_current_xact_id()::text as now')
  let changes = 0
  for (let cycle = 0; cycle < idle; cycle++) {
    const reports = await allJobs(stage, api)
    changes += Number(reports.find((report) => report.job === 'job_execute_spark')?.counts.changed ?? 0)
  }
  return { changes, crmWrites: (await effects()) - before, erpWrites: await rowsWrittenSince(place, rows[0]!.now) }
}

const written = [
  'clients',
  'branches',
  'contact',
  'leads',
  'contacts',
  'credit_limit_history',
  'client_industries',
  'sales_rep_branches',
  'billing_addresses',
]

async function rowsWrittenSince({ erp }: Place, transaction: string): Promise<number> {
  const { rows } = await erp.query<{ n: number }>(
    `select sum(n)::integer as n from (${written.map((table) => `select count(*) as n from ${table} where xmin::text::bigint > $1::bigint`).join(' union all ')}) t`,
    [transaction],
  )
  return rows[0]!.n
}

const eventNow = async ({ state }: Context): Promise<Date> =>
  (await state.query<{ now: Date }>('select clock_timestamp() as now')).rows[0]!.now

async function eventsSince(
  { state }: Context,
  since: Date,
): Promise<Pick<WayBackFigures, 'erpApplied' | 'echoesSuppressed' | 'conflicts'>> {
  const { rows } = await state.query<{ applied: number; echoes: number; conflicts: number }>(
    `select count(*) filter (where outcome in ('applied', 'removed'))::integer as applied, count(*) filter (where outcome = 'echo')::integer as echoes,
            (select count(*)::integer from conflicts where created_at >= $1) as conflicts
       from inbound_events where ended_at >= $1`,
    [since],
  )
  const { applied, echoes, conflicts } = rows[0]!
  return { erpApplied: applied, echoesSuppressed: echoes, conflicts }
}
