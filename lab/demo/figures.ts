/** What of the demo's work shows: in the ERP's database, in the CRM, in the queue, and in Ponte's own account of events. */
import type { Context } from '../../jobs/context.ts'
import type { CrmSimulator } from '../simulators/crm/simulator.ts'
import type { CrmWork } from './crm-users.ts'
import type { Place } from './place.ts'

/** What of the work in the CRM shows in the ERP's database. */
export async function landed({ erp }: Place, work: CrmWork) {
  const count = async (from: string, ids: readonly number[]) => Number((await erp.rows(`select count(*) as n from ${from}`, [ids]))[0]!.n)
  return {
    newClients: await count(
      `branches b join clients c on c.client_code = b.client
        where b.id_crm in (?) and c.created_by = 'CRM' and exists (select 1 from contact p where p.branch_client = b.client)`,
      work.newLeads,
    ),
    mirrored: await count('leads where id in (?)', [...work.conversions, ...work.newLeads]),
    updated: await count(`branches where id_crm in (?) and phone like '5511960000%'`, work.updates),
    discarded: work.discards.length - (await count('leads where id in (?)', work.discards)),
  }
}

/** What the ERP's views say that the CRM was not told yet. */
export async function dueCommerce({ erp }: Context): Promise<{ budgets: number; sales: number }> {
  const leadsOf = (rows: readonly { leadId: string }[]) => new Set(rows.map(({ leadId }) => leadId)).size
  return { budgets: leadsOf(await erp.budgetedLeads()), sales: leadsOf(await erp.soldLeads()) }
}

/** How many of these leads carry the client code of their ERP branch in the CRM. */
export async function clientCodes({ crm }: Context, { erp }: Place, leadIds: readonly number[]): Promise<number> {
  const branches = await erp.rows('select id_crm, client from branches where id_crm in (?)', [leadIds])
  const held = await crm.customFieldsOf(leadIds)
  const isTold = (id: number, code: string | null) =>
    held.get(id)?.some((field) => field.id === '_cod.cliente' && field.value === code) ?? false
  return branches.filter(({ id_crm, client }) => isTold(Number(id_crm), client!)).length
}

/** Tables of the ERP and its mirror that an idle bridge must not write. */
const quiet = [
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

/** Begins to count rows that anybody writes in the ERP. */
export const countErpWrites = ({ erp }: Place): Promise<() => Promise<number>> => erp.countWrites(quiet)

export const eventNow = async ({ state }: Context): Promise<Date> =>
  (await state.query<{ now: Date }>('select clock_timestamp() as now')).rows[0]!.now

export async function eventsSince(
  { state }: Context,
  since: Date,
): Promise<{ readonly erpApplied: number; readonly echoesSuppressed: number; readonly conflicts: number }> {
  const { rows } = await state.query<{ applied: number; echoes: number; conflicts: number }>(
    `select count(*) filter (where outcome in ('applied', 'removed'))::integer as applied, count(*) filter (where outcome = 'echo')::integer as echoes,
            (select count(*)::integer from conflicts where created_at >= $1) as conflicts
       from inbound_events where ended_at >= $1`,
    [since],
  )
  const { applied, echoes, conflicts } = rows[0]!
  return { erpApplied: applied, echoesSuppressed: echoes, conflicts }
}

/** What Ponte and the CRM's people have done there so far, by the CRM's own record. */
export async function effectsOf(
  simulator: CrmSimulator,
): Promise<{ leadAdded: number; leadUpdated: number; personAdded: number; total: number }> {
  const effects = (await simulator.effects()).filter((effect) => effect.kind !== 'loaded')
  const count = (kind: string) => effects.filter((effect) => effect.kind === kind).length
  return { leadAdded: count('leadAdded'), leadUpdated: count('leadUpdated'), personAdded: count('personAdded'), total: effects.length }
}

/** How many letters lie in falhas. */
export async function deadLetters(context: Context): Promise<number> {
  let letters = 0
  for (const lane of Object.values(context.lanes)) for await (const _ of lane.deadLetters()) letters++
  return letters
}
