/**
 * The mirror beside the CRM's whole list of leads: who left the CRM, or went back in its funnel, leaves the mirror.
 *
 *   mirror → CRM's list, to its end → [guard] → each candidate read once more → removed
 *
 * The mirror is read first: a lead that comes while the list is read is never missed in it. A list that breaks off removes nothing.
 */
import type { Cell } from '../../engine/model.ts'
import type { Stages } from '../../records/stages.ts'
import type { Context, JobRun } from '../context.ts'
import { removeLead, standingOf } from '../receive/discard.ts'

export interface DiscardCompare {
  readonly mirrored: number
  /** Leads that would leave, by the list. */
  readonly candidates: number
  readonly removed: number
  readonly unknownStages: number
  /** What the guard says; then nothing was removed. */
  readonly stopped?: string
}

/** Candidates looked at again in one go. */
const batch = 200

/** @throws what reading the CRM throws (nothing was removed), `lease.lost`, `erp.*`, `state.*` */
export async function compareStages(context: Context, run: JobRun, stages: Stages): Promise<DiscardCompare> {
  const { crm, log, options } = context
  const mirror = await mirroredStages(context)
  const none = { mirrored: mirror.size, candidates: 0, removed: 0, unknownStages: 0 }
  if (mirror.size === 0) return none

  const missing = new Set(mirror.keys())
  const back: number[] = []
  const unknown: number[] = []
  let read = 0
  for await (const leads of crm.leads(run.signal)) {
    for (const lead of leads) {
      if (!missing.delete(lead.id)) continue
      const { kind } = standingOf({ stage: mirror.get(lead.id) ?? null }, lead, stages)
      if (kind === 'leaves') back.push(lead.id)
      if (kind === 'unknown') unknown.push(lead.id)
    }
    read += leads.length
    run.progress({ kind: 'pull', entity: 'leads of the CRM', side: 'known', rows: read })
  }
  if (unknown.length > 0)
    log.warn({ count: unknown.length, leads: unknown.slice(0, 20) }, 'a stage that no spelling of CRM_STAGES names: these leads stay')

  const candidates = [...missing, ...back]
  const found = { ...none, candidates: candidates.length, unknownStages: unknown.length }
  const stopped = run.acceptGuards ? null : discardGuard(candidates.length, mirror.size, options.discardLimitPercent)
  if (stopped !== null) {
    log.error({ mirrored: mirror.size, candidates: candidates.length }, 'a guard stopped the compare')
    return { ...found, stopped }
  }
  let removed = 0
  for (let start = 0; start < candidates.length; start += batch)
    removed += await removeStanding(context, run, stages, candidates.slice(start, start + batch))
  return { ...found, removed }
}

async function mirroredStages({ erp }: Context): Promise<Map<number, Cell>> {
  const mirror = new Map<number, Cell>()
  for await (const page of erp.mirroredStages()) for (const { leadId, stage } of page) mirror.set(Number(leadId), stage)
  return mirror
}

/** One lead is no landslide, however small the mirror is. */
function discardGuard(candidates: number, mirrored: number, limitPercent: number): string | null {
  if (candidates <= 1 || candidates * 100 <= mirrored * limitPercent) return null
  return `${candidates} of ${mirrored} leads would leave the mirror, more than ${limitPercent} percent (DISCARD_LIMIT_PERCENT). Look into the CRM first: leads that vanish in numbers are more likely a fault than true.`
}

/** A list of thousands takes minutes: what it said of these may be old, or a page may have slipped. */
async function removeStanding(context: Context, run: JobRun, stages: Stages, ids: readonly number[]): Promise<number> {
  const leads = await context.crm.leadsByIds(ids)
  const mirror = await context.erp.mirroredLeads(ids.map(String))
  let removed = 0
  for (const id of ids) {
    const row = mirror.get(String(id))
    if (row === undefined) continue
    run.signal.throwIfAborted()
    const standing = standingOf({ stage: row.STAGE ?? null }, leads.get(id) ?? null, stages)
    if (standing.kind === 'leaves' && (await removeLead(context, run, String(id), standing.reason))) removed++
  }
  return removed
}
