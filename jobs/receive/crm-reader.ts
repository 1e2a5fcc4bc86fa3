/**
 * Reads of leads and persons, gathered: lines in flight ask one by one, the CRM is asked once for all that asked in the same moment or
 * while the read before was under way (the quota is the bottleneck). Nothing is remembered: who asks later gets a later answer.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lead, LeadCustomField, Person, Spotter } from '../../connectors/crm/spotter/types.ts'

export interface SeenLead {
  readonly lead: Lead
  readonly customFields: readonly LeadCustomField[]
}

export interface CrmReader {
  /** null: the CRM has no such lead. The lead is read before its custom fields, so its updateDate is never too new. */
  lead(id: number): Promise<SeenLead | null>
  persons(leadId: number): Promise<readonly Person[]>
}

export function crmReader(crm: Pick<Spotter, 'leadsByIds' | 'customFieldsOf' | 'personsOf'>): CrmReader {
  return {
    lead: gathered(async (ids) => {
      const leads = await crm.leadsByIds(ids)
      const fields = await crm.customFieldsOf([...leads.keys()])
      return (id): SeenLead | null => {
        const lead = leads.get(id)
        return lead === undefined ? null : { lead, customFields: fields.get(id) ?? [] }
      }
    }),
    persons: gathered(async (ids) => {
      const persons = await crm.personsOf(ids)
      return (id) => persons.get(id) ?? []
    }),
  }
}

/** How long the first who asks waits for others, milliseconds. */
const patienceMs = 5

export function gathered<T>(ask: (ids: readonly number[]) => Promise<(id: number) => T>): (id: number) => Promise<T> {
  let waiting: { ids: Set<number>; answer: Promise<(id: number) => T> } | null = null
  let before: Promise<unknown> = Promise.resolve()
  return async (id) => {
    if (waiting === null) {
      const ids = new Set<number>()
      const answer = Promise.all([before, sleep(patienceMs)]).then(() => {
        waiting = null
        return ask([...ids])
      })
      before = answer.catch(() => {})
      waiting = { ids, answer }
    }
    waiting.ids.add(id)
    return (await waiting.answer)(id)
  }
}
