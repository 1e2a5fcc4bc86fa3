/**
 * The last part of a full sync, after the swap: new leads, and fields that flow to the ERP, one lead at a time through the same decision
 * as events. What is to be applied is read once more, because the first reading may be minutes old.
 */

import type { MirrorStaging } from '../../connectors/erp/erp.ts'
import type { Row } from '../../engine/model.ts'
import type { Field } from '../../records/kind.ts'
import { leadFields, leadInboundFields } from '../../records/lead.ts'
import type { Stages } from '../../records/stages.ts'
import type { Context, JobRun } from '../context.ts'
import { absorbEach, newAbsorption, readFresh } from '../receive/absorb-fresh.ts'
import { absorbLead } from '../receive/absorb-lead.ts'
import type { CrmReader, SeenLead } from '../receive/crm-reader.ts'
import { leadRow } from '../receive/crm-rows.ts'
import type { Ending, InboundEvent } from '../receive/end-event.ts'
import { ambiguous } from '../receive/inbound-leads.ts'
import { isKnown, type Reps } from '../receive/reconcile.ts'
import { type ContactTotals, contactsThatDiffer, newContactTotals, syncContacts } from './full-sync-contacts.ts'

/** What the swap sets by itself: the ERP does not hear of these fields. */
const isQuiet = ({ flow }: Field): boolean => flow === 'to-crm' || flow === 'mirror'
export const quietColumns: readonly string[] = leadInboundFields.filter(isQuiet).map(({ name }) => name)
const loudFields = leadInboundFields.filter((field) => !isQuiet(field))

export interface Applied extends ContactTotals {
  readonly applied: number
  readonly unchanged: number
  readonly refused: number
  readonly conflicts: number
}

/** @throws PonteError `lease.lost`; what is systemic: the rest is applied by the next run, or by job_validade_full */
export async function applyStaged(context: Context, run: JobRun, stages: Stages, staging: MirrorStaging, total: number): Promise<Applied> {
  const { crm, erp } = context
  const absorption = newAbsorption()
  const contacts = newContactTotals()
  let done = 0
  for await (const page of staging.ready()) {
    const ids = page.map(({ leadId }) => leadId)
    const [mirror, reps] = [await erp.mirroredLeads(ids), await crm.salesReps()]
    const leads = page.filter(({ leadId, row }) => differs(mirror.get(leadId), row, reps)).map(({ leadId }) => Number(leadId))
    const withContacts = await contactsThatDiffer(erp, staging, ids)
    const reader = await readFresh(crm, [...new Set([...leads, ...withContacts])])
    await absorbEach(context, run, leads, absorption, (event) =>
      absorb(context, run, stages, reader, event, mirror.get(String(event.leadId))),
    )
    await syncContacts(context, run, reader, withContacts, contacts)
    done += page.length
    run.progress({ kind: 'deliver', done, total })
  }
  const { applied, unchanged, refused, conflicts } = absorption.counts.values
  return { applied, unchanged, refused, conflicts, ...contacts }
}

function differs(known: Row | undefined, row: Row, reps: Reps): boolean {
  return known === undefined || loudFields.some((field) => !isKnown(field, known, row, reps))
}

async function absorb(
  context: Context,
  run: JobRun,
  stages: Stages,
  reader: CrmReader,
  { id, leadId }: InboundEvent,
  known: Row | undefined,
): Promise<Ending> {
  const seen = await reader.lead(leadId)
  // It left in the meantime: the discard job's business.
  if (seen === null || !stages.isIntegrated(seen.lead.stage)) return { outcome: 'ignored' }
  const absorbed = await absorbLead(context, run, id, withClientCode(seen, known))
  if (absorbed.kind === 'ambiguous') return ambiguous(context, run, String(leadId), absorbed.branches)
  return { outcome: absorbed.changed ? 'applied' : 'unchanged', ledger: absorbed.ledger }
}

const clientCode = leadFields.find(({ name }) => name === 'CLIENT_CODE')?.crm

/** A CRM that was never told the client code does not make the mirror forget it; the daily validation has it sent. */
function withClientCode(seen: SeenLead, known: Row | undefined): SeenLead {
  const value = known?.CLIENT_CODE ?? null
  if (value === null || !clientCode || !('custom' in clientCode)) return seen
  if (leadRow(seen.lead, seen.customFields).CLIENT_CODE !== null) return seen
  return { ...seen, customFields: [{ id: clientCode.custom, leadId: seen.lead.id, value, options: [] }, ...seen.customFields] }
}
