/** ERP branch -> CRM lead, then its id back to the ERP, then its contacts onto the queue (mission C.4). */
import { createHash } from 'node:crypto'
import type { WriteGuard } from '../../connectors/crm/spotter/types.ts'
import { decide } from '../../connectors/state/changes.ts'
import { recordQueued } from '../../connectors/state/queueing.ts'
import { changeOf } from '../../engine/record.ts'
import { entityNamed } from '../../records/kinds.ts'
import { writeLine } from '../../records/lines.ts'
import type { Context } from '../context.ts'
import { leadBody } from './crm-bodies.ts'
import type { Delivery, Sink } from './deliver-line.ts'
import { createOnce } from './in-doubt.ts'
import { incomplete } from './line-checks.ts'
import { refused } from './refused.ts'

export function insertLeadSink(context: Context): Sink {
  const { crm, erp, options } = context
  const entity = entityNamed('leads.insert')
  return async ({ change, ids, row }, attempt): Promise<Delivery> => {
    const fault = incomplete(entity, { ids, row })
    if (fault !== null) return fault
    const taxId = row.TAXID!
    const body = leadBody(entity.fields, row, { kind: 'create', reps: await crm.salesReps(), country: options.countryName })
    let isNew = false
    const create = async (guard: WriteGuard) => {
      const added = await crm.addLead(body, guard)
      isNew = added.ok
      return added
    }
    const result = await createOnce({
      find: async () => (await crm.leadsByTaxId(taxId)).at(0)?.id ?? null,
      create,
      attempt,
      settleMs: options.settleMs,
    })
    if (!result.ok) return refused(result)

    const leadId = String(result.value)
    const branches = await attempt.store(() => erp.storeLeadId(taxId, leadId))
    if (branches === 0) context.log.warn({ key: change.key, leadId }, 'the lead was created, but no ERP branch carries its tax id any more')
    await queueContacts(context, change.run, leadId)
    // Nothing is agreed about a lead that was there already: when it is met, the owner of each field decides.
    return { kind: 'delivered', ledger: { entity: 'leads', key: leadId }, crmId: leadId, fields: isNew ? row : {} }
  }
}

/**
 * One letter per contact, as the compare would write it: same key, same hash, so that the compare finds it pending.
 * Letters first, record second: a crash in between makes second letters of the same changes, which `begin` recognises.
 */
async function queueContacts({ erp, state, lanes }: Context, run: string, leadId: string): Promise<void> {
  const entity = entityNamed('contacts.insert')
  const rows = await erp.contactsToInsert(leadId)
  if (rows.length === 0) return
  const changes = rows.map((raw) => {
    const { key, hash, row } = changeOf({ ...entity, entity: entity.name }, raw)
    return { key, hash, after: row }
  })
  const decisions = await decide(state, entity.name, changes)
  const wanted = changes.filter((_, index) => decisions[index] === 'send')
  if (wanted.length === 0) return
  const name = contactsRun(run, changes)
  const queued = await Promise.all(
    wanted.map(async (change) => {
      const slug = String(change.after.EMAIL ?? '').split('@')[0]!
      const letter = await lanes.contacts.enqueue(entity.prefix, slug, writeLine(name, entity.name, change))
      return { key: change.key, hash: change.hash, letter }
    }),
  )
  await recordQueued(state, name, entity.name, queued)
}

/**
 * Not the compare's own run, which must balance by itself; derived from it and from what is sent, so that a repeated line names the
 * same changes, and contacts that were edited in between other ones.
 */
function contactsRun(run: string, changes: readonly { hash: string }[]): string {
  return `${run}.contacts.${createHash('md5')
    .update(changes.map((change) => change.hash).join())
    .digest('hex')}`
}
