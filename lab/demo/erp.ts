/** The demo's ERP side: loading it, editing it as people would, and checking that the CRM holds what it says. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Closer } from '../../cli/closer.ts'
import { installErp } from '../../cli/databases.ts'
import type { Row } from '../../engine/model.ts'
import type { Context } from '../../jobs/context.ts'
import { leadRow } from '../../jobs/receive/crm-rows.ts'
import { isKnown, type Reps } from '../../jobs/receive/reconcile.ts'
import { entityNamed } from '../../records/kinds.ts'
import { leadFields } from '../../records/lead.ts'
import { readLine } from '../../records/lines.ts'
import { type BranchEdit, editBranches } from '../demo-data/edits/edit-branches.ts'
import { loadDemoData } from '../demo-data/load.ts'
import { knownReps } from '../demo-data/records/sales-reps.ts'
import { writeSimulatorData } from '../demo-data/simulator-data.ts'
import type { Place } from './place.ts'

export interface DemoErp {
  readonly clients: number
  readonly contacts: number
  readonly linked: number
  readonly eligible: number
  /** What the simulated CRM begins with. */
  readonly crmFile: string
  /** Options of `_cod.gestores` in the simulated CRM; a few ERP reps are not among them. */
  readonly reps: string[]
}

export async function loadDemo(
  place: Place,
  data: { branches: number; seed: number },
  closer: Closer,
  onProgress: (done: number, total: number) => void,
): Promise<DemoErp> {
  const options = { ...data, today: new Date().toISOString().slice(0, 10) }
  await installErp(place.settings.erpUrl!, closer)
  const counts = await loadDemoData(place.erp, options, ({ branches, of }) => onProgress(branches, of))
  await mkdir(place.folder, { recursive: true, mode: 0o750 })
  const crmFile = join(place.folder, 'crm.ndjson')
  await writeSimulatorData(options, crmFile)
  const [inserts] = await place.erp.rows('select count(*) as n from insert_leads')
  return {
    clients: counts.clients,
    contacts: counts.contacts,
    linked: counts.linked,
    eligible: Number(inserts!.n),
    crmFile,
    reps: knownReps.map(String),
  }
}

export const editDemo = (place: Place, options: { count: number; seed: number }): Promise<BranchEdit[]> => editBranches(place.erp, options)

/** Those of the edited leads at which the CRM does not hold what the ERP's view says, read from both sides. */
export async function mismatches(place: Place, { crm }: Context, edits: readonly BranchEdit[]): Promise<string[]> {
  const leadIds = edits.map((edit) => Number(edit.id_crm))
  const entity = entityNamed('leads.update')
  const rows = await place.erp.rows('select * from desired_leads where id in (?)', [leadIds])
  const desired = new Map(rows.map((row) => [String(row.id), readLine(entity, 'check', JSON.stringify(row)).row]))
  const [leads, customFields, reps] = await Promise.all([crm.leadsByIds(leadIds), crm.customFieldsOf(leadIds), crm.salesReps()])
  const isWrong = (edit: BranchEdit): boolean => {
    const lead = leads.get(Number(edit.id_crm))
    const wanted = desired.get(edit.id_crm)
    return !(lead && wanted && hasArrived(edit, wanted, leadRow(lead, customFields.get(lead.id) ?? []), reps))
  }
  return edits.filter(isWrong).map((edit) => edit.id_crm)
}

/**
 * Does the CRM's row hold the edited field to the letter, and the others as a compare sees them? CENTRO and Centro are one district
 *: the CRM keeps what it has.
 */
export const hasArrived = ({ field, after }: Pick<BranchEdit, 'field' | 'after'>, desired: Row, held: Row, reps: Reps): boolean =>
  held[field] === after && leadFields.every((one) => isKnown(one, desired, held, reps))
