/** ERP contact -> CRM person, once per lead and e-mail; its id back to the ERP at once (mission C.6, D-24). */
import { entityNamed } from '../../records/kinds.ts'
import type { Context } from '../context.ts'
import { personBody } from './crm-bodies.ts'
import type { Delivery, Sink } from './deliver-line.ts'
import { createOnce } from './in-doubt.ts'
import { incomplete } from './line-checks.ts'
import { refused } from './refused.ts'

export function insertContactSink(context: Context): Sink {
  const { crm, erp, options } = context
  return async ({ ids, row }, attempt): Promise<Delivery> => {
    const fault = incomplete(entityNamed('contacts.insert'), { ids, row })
    if (fault !== null) return fault
    const leadId = Number(ids.LEAD_ID)
    const email = row.EMAIL!

    const find = async () => (await crm.persons(leadId)).find((person) => person.email?.trim().toLowerCase() === email)?.id ?? null
    const body = { ...personBody(row, 'create'), leadId }
    // The CRM does not refuse a repeated person, so the list is read before every create, doubt or not.
    const existing = attempt.inDoubt ? null : await find()
    const result =
      existing !== null
        ? ({ ok: true, value: existing } as const)
        : await createOnce({ find, create: (guard) => crm.addPerson(body, guard), attempt, settleMs: options.settleMs })
    if (!result.ok) return refused(result)

    const crmId = String(result.value)
    const { NAME: name, PHONE: phone = null, JOB_TITLE: jobTitle = null } = row
    await attempt.store(() =>
      erp.storeContactId({ email, leadId: String(leadId), crmId, name: name ?? '', phone, jobTitle, isPrimary: row.IS_PRIMARY === 'S' }),
    )
    return { kind: 'delivered', ledger: { entity: 'contacts', key: `${crmId}-${leadId}` }, crmId, fields: row }
  }
}
