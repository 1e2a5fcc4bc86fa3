/** How leads are made and changed in the CRM. A new lead's contacts go onto the queue. */
import { createHash } from 'node:crypto'
import { decide } from '../../connectors/state/changes/changes.ts'
import { recordQueued } from '../../connectors/state/changes/queueing.ts'
import { changeOf } from '../../engine/record.ts'
import { entityNamed } from '../../records/kinds.ts'
import { writeLine } from '../../records/lines.ts'
import type { Stages } from '../../records/stages.ts'
import type { Context, JobRun } from '../context.ts'
import { absorbLead } from '../receive/absorb-lead.ts'
import { crmReader, type SeenLead } from '../receive/crm-reader.ts'
import { leadRow } from '../receive/crm-rows.ts'
import { leadBody, leadUpdateBody } from './crm-bodies.ts'
import type { InsertCalls } from './insert-sink.ts'
import type { UpdateCalls } from './update-sink.ts'

export function newLeads(context: Context): InsertCalls {
  const { crm, erp, options, log } = context
  const { fields } = entityNamed('leads.insert')
  return {
    looksFirst: false,
    find: async ({ row }) => (await crm.leadsByTaxId(row.TAXID!)).at(0)?.id ?? null,
    async creation({ row }) {
      const body = leadBody(fields, row, { kind: 'create', reps: await crm.salesReps(), country: options.countryName })
      return (guard) => crm.addLead(body, guard)
    },
    async store({ change, row }, leadId) {
      const branches = await erp.storeLeadId(row.TAXID!, leadId)
      if (branches === 0) log.warn({ key: change.key, leadId }, 'the lead was created, but no ERP branch carries its tax id any more')
    },
    follow: ({ change }, leadId) => queueContacts(context, change.run, leadId),
    keyOf: (_, leadId) => leadId,
  }
}

export function knownLeads(context: Context, run: JobRun, stages: Stages): UpdateCalls<SeenLead> {
  const { crm, erp, options } = context
  const reader = crmReader(crm)
  return {
    read: ({ ID }) => reader.lead(Number(ID)),
    missing: ({ ID }) => `The CRM has no lead ${Number(ID)}.`,
    rowOf: ({ lead, customFields }) => leadRow(lead, customFields),
    // A lead that left the integrated stages is not mirrored any more, or soon will not be.
    absorb: async (event, seen) => (stages.isIntegrated(seen.lead.stage) ? absorbLead(context, run, event, seen) : null),
    mirrored: async ({ ID }) => (await erp.mirrorOf(String(Number(ID)))).lead,
    reps: () => crm.salesReps(),
    nameOf: ({ lead }) => lead.lead,
    write: (id, fields, row, reps, guard) => crm.updateLead(id, leadUpdateBody(fields, row, { reps, country: options.countryName }), guard),
    store: (row) => erp.writeMirror('leads', row),
    keyOf: ({ ID }) => String(Number(ID)),
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
