/** Leads that were seen to differ from the mirror: read once more, and applied as an event's would be, each on its own. */
import pLimit from 'p-limit'
import { settleEvent } from '../../connectors/state/changes/agreed.ts'
import type { Context, JobRun } from '../context.ts'
import type { CrmReader, SeenLead } from './crm-reader.ts'
import { type Ending, type InboundEvent, mustHold, refusal } from './end-event.ts'
import { type InboundCounts, newCounts } from './inbound-counts.ts'

export interface Refused {
  readonly lead: number
  readonly code: string
  readonly reason: string
}

/** What became of the leads of a run: added to with every call. */
export interface Absorption {
  readonly counts: InboundCounts
  readonly refused: Refused[]
}
export const newAbsorption = (): Absorption => ({ counts: newCounts(), refused: [] })

/** These leads and their persons as the CRM shows them now, read in bulk; asked for others it knows none. */
export async function readFresh(crm: Context['crm'], leadIds: readonly number[]): Promise<CrmReader> {
  const leads = await crm.leadsByIds(leadIds)
  const there = [...leads.keys()]
  const [fields, persons] = await Promise.all([crm.customFieldsOf(there), crm.personsOf(there)])
  const seen = new Map([...leads].map(([id, lead]): [number, SeenLead] => [id, { lead, customFields: fields.get(id) ?? [] }]))
  return { lead: async (id) => seen.get(id) ?? null, persons: async (id) => persons.get(id) ?? [] }
}

/**
 * Applies each of these leads and writes down how it ended. A refusal of one is no reason to stop.
 * @throws PonteError `lease.lost`; what is systemic, when all that were under way have ended
 */
export async function absorbEach(
  context: Context,
  run: JobRun,
  leadIds: readonly number[],
  into: Absorption,
  apply: (event: InboundEvent) => Promise<Ending>,
): Promise<void> {
  await eachOf(leadIds, context.options.concurrency, async (leadId) => {
    run.signal.throwIfAborted()
    mustHold(run)
    const event = { id: `${run.id}.${leadId}`, letter: '', leadId }
    const { reason, ...ending } = await apply(event).catch((error) => refusal(context, event, error))
    await settleEvent(context.state, { event: { ...event, leadId: String(leadId), job: run.job, receivedAt: null }, ...ending }, run.lease)
    into.counts.ended(ending.outcome, ending.ledger?.conflicts.length ?? 0)
    if (ending.outcome === 'refused') into.refused.push({ lead: leadId, code: ending.code ?? 'REFUSED', reason: reason ?? '' })
  })
}

/** Side by side; after a failure none is begun any more, and it is thrown when the last under way has ended. */
export async function eachOf<T>(items: readonly T[], concurrency: number, work: (item: T) => Promise<void>): Promise<void> {
  const atOnce = pLimit(concurrency)
  const failures: unknown[] = []
  await Promise.all(
    items.map((item) =>
      atOnce(async () => {
        if (failures.length > 0) return
        await work(item).catch((error) => failures.push(error))
      }),
    ),
  )
  if (failures.length > 0) throw failures[0]
}
