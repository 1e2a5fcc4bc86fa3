/** The oracle of random histories: read from both databases and the CRM, with the field table but without the jobs' own decisions. */

import type { Row } from '../../engine/model.ts'
import { applyRule } from '../../engine/rules.ts'
import { leadRow, personRow } from '../../jobs/receive/crm-rows.ts'
import type { Effect } from '../../lab/simulators/crm/state/model.ts'
import { contactFields } from '../../records/contact.ts'
import type { Field } from '../../records/kind.ts'
import { leadInboundFields } from '../../records/lead.ts'
import { stagesOf } from '../../records/stages.ts'
import type { TwoWay } from './two-way.ts'

/** Every difference between the sides about leads that changed since then, in words; empty when they agree on each mapped field (phone and industry flow from the CRM only). */
export async function differences(it: TwoWay, since: string): Promise<string[]> {
  const { erp, crm } = it.bridge.context
  const stages = stagesOf(await erp.stages())
  const reps = await crm.salesReps()
  const found: string[] = []
  for await (const page of crm.leadsUpdatedSince(since))
    for (const lead of page) {
      if (!stages.isIntegrated(lead.stage)) continue
      const id = String(lead.id)
      const inCrm = leadRow(lead, await crm.leadCustomFields(lead.id))
      const { rows } = await it.bridge.sql.query('select * from desired_leads where id = $1', [id])
      if (rows.length !== 1) {
        found.push(`lead ${id}: ${rows.length} branches`)
        continue
      }
      const inErp: Row = Object.fromEntries(Object.entries(rows[0]).map(([name, value]) => [name.toUpperCase(), (value as string) || null]))
      const { lead: mirror } = await erp.mirrorOf(id)
      for (const field of leadInboundFields) {
        if (mirror === null || !alike(field, mirror[field.name], inCrm[field.name], reps))
          found.push(`lead ${id}: mirror ${field.name} ${mirror?.[field.name]} ≠ ${inCrm[field.name]}`)
        if (field.flow === 'mirror' || field.flow === 'to-erp') continue
        if (!alike(field, inErp[field.name], inCrm[field.name], reps))
          found.push(`lead ${id}: ${field.name} ERP ${inErp[field.name]} ≠ CRM ${inCrm[field.name]}`)
      }
      found.push(...(await contactDifferences(it, lead.id)))
    }
  return found
}

async function contactDifferences(it: TwoWay, leadId: number): Promise<string[]> {
  const found: string[] = []
  const persons = await it.bridge.context.crm.persons(leadId)
  const { rows } = await it.bridge.sql.query(
    `select c.id_crm as id, c.name, c.email, c.phone, coalesce(nullif(c.job_title_desc, ''), t.title) as job_title, coalesce(c.is_primary, 'N') as is_primary
       from contact c join branches b on b.client = c.branch_client and b.code = c.branch_code left join contact_job_titles t using (job_title_code)
      where b.id_crm = $1`,
    [leadId],
  )
  for (const person of persons) {
    const mine = rows.filter((row) => Number(row.id) === person.id)
    if (mine.length !== 1) {
      found.push(`person ${person.id} of lead ${leadId}: ${mine.length} ERP contacts`)
      continue
    }
    const inCrm = personRow(person)
    for (const field of contactFields)
      if (!alike(field, mine[0][field.name.toLowerCase()], inCrm[field.name], new Set()))
        found.push(`person ${person.id}: ${field.name} ERP ${mine[0][field.name.toLowerCase()]} ≠ CRM ${inCrm[field.name]}`)
  }
  const emails = persons.map((person) => person.email?.toLowerCase())
  if (new Set(emails).size !== emails.length) found.push(`lead ${leadId}: a person twice`)
  for (const row of rows) if (row.id === null && row.email !== null) found.push(`lead ${leadId}: an ERP contact was never sent`)
  return found
}

function alike(field: Field, erp: unknown, crm: unknown, reps: ReadonlySet<string>): boolean {
  const form = (value: unknown) =>
    applyRule(field.compare, applyRule(field.rule, value === null || value === undefined ? null : String(value)))
  const [a, b] = [form(erp), form(crm)]
  return a === b || (field.name === 'SALES_REP' && b === '99' && !reps.has(a ?? ''))
}

/** Writes through the API that changed nothing, by what the CRM held before and after. */
export function surplusWrites(effects: readonly Effect[]): Effect[] {
  const held = new Map<string, string>()
  return effects.filter((effect) => {
    const { lead, person } = effect.after
    const kind = lead ? `lead ${lead.id}` : person ? `person ${person.id}` : null
    if (kind === null) return false
    const now = JSON.stringify(lead ? { ...lead, updateDate: null } : person)
    const same = held.get(kind) === now
    held.set(kind, now)
    return same && effect.by === 'api' && effect.kind !== 'won'
  })
}

/** Tax ids that more than one client or lead carries. */
export async function doubled(it: TwoWay): Promise<unknown[]> {
  const { rows } = await it.bridge.sql.query('select taxid_key, count(*) as n from branches group by taxid_key having count(*) > 1')
  const leads = new Map<string, number>()
  for (const effect of await it.bridge.simulator.effects({ by: 'api', kind: 'leadAdded' }))
    leads.set(effect.key, (leads.get(effect.key) ?? 0) + 1)
  return [...rows, ...[...leads].filter(([, n]) => n > 1)]
}
