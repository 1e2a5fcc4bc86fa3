/** The CRM's leads beside the mirror, page by page: told to the report, counted, applied. */

import type { Lead } from '../../connectors/crm/spotter/types.ts'
import type { Cell, Row } from '../../engine/model.ts'
import { leadInboundFields } from '../../records/lead.ts'
import type { Stages } from '../../records/stages.ts'
import type { Context, JobRun } from '../context.ts'
import type { ReportFile } from '../keep/report-file.ts'
import { absorbEach, newAbsorption, readFresh } from '../receive/absorb-fresh.ts'
import { leadRow } from '../receive/crm-rows.ts'
import { standingOf } from '../receive/discard.ts'
import { applyEvent } from '../receive/inbound-leads.ts'
import { isKnown, type Reps } from '../receive/reconcile.ts'

const kinds = ['different', 'missingInMirror', 'missingInCrm', 'movedBack', 'notIntegrated', 'unknownStage', 'refused'] as const

/** What the report says of one lead; `fields`: both values of each field that differs. */
interface Entry {
  readonly lead: number
  readonly kind: (typeof kinds)[number]
  readonly fields?: Readonly<Record<string, { readonly crm: Cell; readonly mirror: Cell }>>
  readonly code?: string
  readonly reason?: string
}

export interface Validation {
  page(leads: readonly Lead[]): Promise<void>
  /** @param mirrored ids of mirrored leads, once the whole list was seen */
  missing(mirrored: readonly number[]): Promise<void>
  counts(): Readonly<Record<string, number>>
  contactsQueued(): number
}

export function newValidation(context: Context, run: JobRun, stages: Stages, report: ReportFile): Validation {
  const { crm, erp } = context
  const absorption = newAbsorption()
  const found = Object.fromEntries(['equal', ...kinds].map((kind) => [kind, 0])) as Record<Entry['kind'] | 'equal', number>
  const seen = new Map<number, 'integrated' | 'notIntegrated' | 'unknownStage'>()
  const tell = (entry: Entry) => {
    found[entry.kind]++
    return report.add(entry)
  }

  /** An event whose payload says nothing but the stage: the lead is read again and applied, with its contacts. */
  async function apply(leads: readonly Lead[]): Promise<void> {
    if (leads.length === 0) return
    const stageOf = new Map(leads.map(({ id, stage }) => [id, stage]))
    const leadIds = [...stageOf.keys()]
    const work = { context, run, stages, counts: absorption.counts, reader: await readFresh(crm, leadIds) }
    const before = absorption.refused.length
    await absorbEach(context, run, leadIds, absorption, (event) =>
      applyEvent(work, { ...event, lead: {}, stage: stageOf.get(event.leadId)! }),
    )
    for (const refused of absorption.refused.slice(before)) await tell({ ...refused, kind: 'refused' })
  }

  return {
    async page(leads) {
      for (const { id, stage } of leads) seen.set(id, kindOf(stages, stage))
      const integrated = leads.filter(({ id }) => seen.get(id) === 'integrated')
      const ids = integrated.map(({ id }) => id)
      const mirror = await erp.mirroredLeads(ids.map(String))
      const [customFields, reps] = await Promise.all([crm.customFieldsOf(ids), crm.salesReps()])
      const toApply: Lead[] = []
      for (const lead of integrated) {
        const entry = entryOf(lead, mirror.get(String(lead.id)), leadRow(lead, customFields.get(lead.id) ?? []), stages, reps)
        if (entry === null) found.equal++
        else await tell(entry)
        if (entry?.kind === 'different' || entry?.kind === 'missingInMirror') toApply.push(lead)
      }
      await apply(toApply)
    },
    async missing(mirrored) {
      const unseen = mirrored.filter((id) => !seen.has(id))
      // It may have come to CRM and mirror after the list had passed its place.
      const there = await crm.leadsByIds(unseen)
      for (const id of unseen) if (!there.has(id)) await tell({ lead: id, kind: 'missingInCrm' })
      for (const id of mirrored) {
        const kind = seen.get(id)
        if (kind === 'notIntegrated' || kind === 'unknownStage') await tell({ lead: id, kind })
      }
    },
    counts() {
      const { applied, unchanged, conflicts } = absorption.counts.values
      return { read: seen.size, ...found, applied, unchanged, conflicts }
    },
    contactsQueued: () => absorption.counts.values.contacts,
  }
}

function kindOf(stages: Stages, stage: string) {
  if (stages.isIntegrated(stage)) return 'integrated'
  return stages.find(stage) === null ? 'unknownStage' : 'notIntegrated'
}

/** null: mirror and CRM hold the same. */
function entryOf(lead: Lead, known: Row | undefined, row: Row, stages: Stages, reps: Reps): Entry | null {
  if (known === undefined) return { lead: lead.id, kind: 'missingInMirror' }
  const differing = leadInboundFields.filter((field) => !isKnown(field, known, row, reps))
  if (differing.length === 0) return null
  // Leaving the mirror is job_descarta_lead's business.
  const kind = standingOf({ stage: known.STAGE ?? null }, lead, stages).kind === 'leaves' ? 'movedBack' : 'different'
  const values = differing.map(({ name }) => [name, { crm: row[name] ?? null, mirror: known[name] ?? null }] as const)
  return { lead: lead.id, kind, fields: Object.fromEntries(values) }
}
