/** ERP branch -> existing CRM lead; the sent values become what the mirror holds (mission C.5, architecture 4). */
import type { Context } from './context.ts'
import { leadBody, leadHolds } from './crm-bodies.ts'
import type { Delivery, Sink } from './deliver-line.ts'
import { entityNamed } from './entities.ts'
import { dead, refused } from './refused.ts'

export function updateLeadSink(context: Context): Sink {
  const { crm, erp, options } = context
  const entity = entityNamed('leads.update')
  return async ({ ids, row }, attempt): Promise<Delivery> => {
    const id = Number(ids.ID)
    if (!Number.isSafeInteger(id) || id <= 0) return dead('MISSING_FIELD', 'ID must be the CRM lead id.')
    if (!row.NAME) return dead('MISSING_FIELD', 'NAME is missing.')
    if (row.TAXID?.length !== 14) return dead('INVALID_TAXID', 'The tax id is missing or longer than 14 positions.')

    const body = leadBody(entity.fields, row, { kind: 'update', reps: await crm.salesReps(), country: options.countryName })
    if (!(attempt.inDoubt && (await alreadyThere(context, id, body)))) {
      const result = await attempt.write((guard) => crm.updateLead(id, body, guard))
      if (!result.ok) return refused(result)
    }
    await attempt.store(() => erp.writeLeadMirror({ ID: ids.ID, ...row }))
    return { kind: 'delivered', ledger: { entity: 'leads', key: String(id) }, crmId: String(id), fields: row }
  }
}

/** An earlier try lost its answer: two reads are cheaper than a surplus write that the CRM would announce to everybody. */
async function alreadyThere({ crm }: Context, id: number, body: ReturnType<typeof leadBody>): Promise<boolean> {
  const lead = await crm.leadById(id)
  return lead !== null && leadHolds(lead, await crm.leadCustomFields(id), body)
}
