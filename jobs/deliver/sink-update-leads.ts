/**
 * ERP branch -> existing CRM lead (mission C.5, architecture 4 and 5). The lead is read first: what its users changed meanwhile is taken
 * in before anything is sent, and only the fields that the ERP has to say something about are sent. So no change of either side is
 * overwritten unseen, and a try whose answer was lost finds its own values there and sends nothing.
 */

import { noteSent, readAgreed, settleLedger } from '../../connectors/state/agreed.ts'
import { entityNamed } from '../../records/kinds.ts'
import { leadFields } from '../../records/lead.ts'
import type { Stages } from '../../records/stages.ts'
import type { Context, JobRun } from '../context.ts'
import { absorbLead } from '../receive/absorb-lead.ts'
import { crmReader } from '../receive/crm-reader.ts'
import { leadRow } from '../receive/crm-rows.ts'
import { inboxId } from '../receive/lead-event.ts'
import { basesOf, decide, withoutTaking } from '../receive/reconcile.ts'
import { leadUpdateBody } from './crm-bodies.ts'
import type { Delivery, Sink } from './deliver-line.ts'
import { incomplete } from './line-checks.ts'
import { dead, refused } from './refused.ts'

export function updateLeadSink(context: Context, run: JobRun, stages: Stages): Sink {
  const { crm, erp, state, options } = context
  const reader = crmReader(crm)
  return async ({ change, ids, row }, attempt): Promise<Delivery> => {
    const fault = incomplete(entityNamed('leads.update'), { ids, row })
    if (fault !== null) return fault
    const id = Number(ids.ID)

    const seen = await reader.lead(id)
    if (seen === null) return dead('NOT_FOUND', `The CRM has no lead ${id}.`)
    const reps = await crm.salesReps()
    const record = { entity: 'leads', key: String(id) } as const
    const event = inboxId(`${change.run}:${change.entity}:${change.key}`)
    // A lead that left the integrated stages is not mirrored any more, or soon will not be: nothing is taken in.
    const absorbed = stages.isIntegrated(seen.lead.stage) ? await attempt.store(() => absorbLead(context, run, event, seen)) : null
    const held = leadRow(seen.lead, seen.customFields)
    // What to send is decided on the bases on which it was decided what to take, or would have been: what the CRM's users changed stays.
    const bases =
      absorbed?.kind === 'absorbed'
        ? absorbed.bases
        : basesOf((await erp.mirrorOf(record.key)).lead ?? held, await readAgreed(state, 'leads', record.key))
    if (absorbed?.kind === 'absorbed' && absorbed.changed) await settleLedger(state, absorbed.ledger, event, run.lease)

    const decision = decide(leadFields, { ...bases, crm: held, erp: row }, reps)
    const { send, agreed } = absorbed?.kind === 'absorbed' ? decision : withoutTaking(decision)
    const sent = Object.fromEntries(send.map((name) => [name, row[name] ?? null]))
    if (send.length > 0) {
      await noteSent(state, record, sent, run.lease)
      // Every body carries a name: the CRM's own, unless the ERP has to say something about it.
      const named = send.includes('NAME') ? row : { ...row, NAME: seen.lead.lead || (row.NAME ?? null) }
      const body = leadUpdateBody(send, named, { reps, country: options.countryName })
      const result = await attempt.write((guard) => crm.updateLead(id, body, guard))
      if (!result.ok) {
        await noteSent(state, record, null, run.lease)
        return refused(result)
      }
    }
    await attempt.store(() => erp.writeLeadMirror({ ID: ids.ID, ...agreed, ...sent }))
    return { kind: 'delivered', ledger: record, crmId: String(id), fields: { ...agreed, ...sent } }
  }
}
