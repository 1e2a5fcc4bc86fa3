/** People who work in the simulated CRM: through its control API, as somebody at the CRM's own screen would. */
import { PonteError } from '../../base/error.ts'
import type { Value } from '../demo-data/database/database.ts'
import { drawTypedLead } from '../demo-data/records/crm-lead.ts'
import type { Place } from './place.ts'

/** What they do, and so what has to happen in the ERP. */
export interface CrmWork {
  /** Leads that came from the ERP and reach the budget stage. */
  readonly conversions: readonly number[]
  /** Leads typed in by hand and converted: new clients for the ERP. */
  readonly newLeads: readonly number[]
  /** Leads with a new phone and representative. */
  readonly updates: readonly number[]
  /** Leads with a new person. */
  readonly newPersons: readonly number[]
  readonly discards: readonly number[]
  /** Leads whose representative the ERP changes at the same time. */
  readonly clashes: readonly number[]
}

const counts = { conversions: 10, newLeads: 10, updates: 20, newPersons: 5, discards: 5, clashes: 5 }
const budgetStage = 'Desenvolvimento/Orçamento'

export async function workInCrm(place: Place, controlUrl: string, seed: number): Promise<CrmWork> {
  const screen = screenOf(controlUrl)
  const created = await ids(place, CREATED, [], counts.conversions)
  const wanted = counts.updates + counts.newPersons + counts.discards + counts.clashes
  const mirrored = await ids(place, MIRRORED, [budgetStage], wanted)
  const take = (count: number) => mirrored.splice(0, count)
  const [updates, newPersons, discards, clashes] = [
    take(counts.updates),
    take(counts.newPersons),
    take(counts.discards),
    take(counts.clashes),
  ]

  for (const id of created) await screen('POST', `leads/${id}`, { stage: budgetStage })
  const newLeads: number[] = []
  for (let n = 0; n < counts.newLeads; n++) {
    const { lead, person } = drawTypedLead(seed, n)
    const { id } = (await screen('POST', 'leads', lead)) as { id: number }
    await screen('POST', `leads/${id}/persons`, person)
    await screen('POST', `leads/${id}`, { stage: budgetStage })
    newLeads.push(id)
  }
  for (const [n, id] of updates.entries())
    await screen('POST', `leads/${id}`, {
      phone1: `55119${String(60_000_000 + n)}`,
      customFields: { '_cod.gestores': [String(1 + (n % 20))] },
    })
  for (const [n, id] of newPersons.entries())
    await screen('POST', `leads/${id}/persons`, { name: `Beatriz Nunes ${n}`, email: `beatriz.nunes${n}@example.com`, touchLead: true })
  for (const id of discards) await screen('POST', `leads/${id}`, { stage: 'Descartado' })
  for (const id of clashes) {
    await place.erp.rows('update branches set sales_rep = case when sales_rep = 3 then 4 else 3 end where id_crm = ?', [id])
    await screen('POST', `leads/${id}`, { customFields: { '_cod.gestores': ['17'] } })
  }
  return { conversions: created, newLeads, updates, newPersons, discards, clashes }
}

/** In the ERP's order: which id the CRM gave to whom hangs on which call came first. */
const CREATED = `
  select b.id_crm as id from branches b
   where b.id_crm is not null and not exists (select 1 from leads l where l.id = b.id_crm) order by b.client, b.code`

/** One branch a client, so that what is done to one lead shows on no other. */
const MIRRORED = `
  select l.id from leads l join branches b on b.id_crm = l.id
   where l.stage = ? and b.sales_rep <> 17 and (select count(*) from branches o where o.client = b.client) = 1 order by l.id`

async function ids({ erp }: Place, sql: string, values: readonly Value[], most: number): Promise<number[]> {
  return (await erp.rows(sql, values, most)).map(({ id }) => Number(id))
}

function screenOf(controlUrl: string): (method: string, path: string, body: object) => Promise<unknown> {
  return async (method, path, body) => {
    const response = await fetch(new URL(path, controlUrl), { method, body: JSON.stringify(body) })
    if (response.ok) return response.json()
    throw new PonteError('demo.crm_refused', `the simulated CRM refuses ${method} ${path} (HTTP ${response.status})`, {
      hint: 'a defect of the demo: report it with its seed',
    })
  }
}
