/**
 * Missed webhooks are found by asking the CRM what changed since the last look (architecture 5): `updateDate`, in pages of 500, compared
 * with when each lead was last read. What is new becomes lines of a letter, durable before the cursor moves; lines found twice do no harm.
 */
import { moveCursor, readCursor, readTimes } from '../connectors/state/agreed.ts'
import { leaseLost } from '../connectors/state/leases.ts'
import type { Context, JobRun } from './context.ts'
import { errorText } from './error-text.ts'
import type { Stages } from './stages.ts'

const cursor = 'crm.leads.updateDate'
/** Rows may become visible a little later than their time says; they are looked at again, and mostly known by then. */
const overlapMs = 2 * 60_000
/** The first look of an installation goes back so far; what is older is the full sync's business. */
const firstLookMs = 60 * 60_000

export interface Polled {
  /** Leads whose change no webhook has brought. */
  readonly found: number
  /** The CRM could not be asked: told, but no reason to leave waiting events alone. */
  readonly error?: string
}

export async function pollLeads(context: Context, run: JobRun, stages: Stages, prefix: string): Promise<Polled> {
  try {
    return { found: await poll(context, run, stages, prefix) }
  } catch (error) {
    if (run.signal.aborted || !run.lease.held()) throw error
    context.log.warn({ err: error }, 'the CRM could not be asked for missed changes')
    return { found: 0, error: errorText(error) }
  }
}

async function poll({ state, lanes, inboundCrm }: Context, run: JobRun, stages: Stages, prefix: string): Promise<number> {
  const last = await readCursor(state, cursor)
  const since = last === null ? new Date(run.at.getTime() - firstLookMs) : new Date(Date.parse(last) - overlapMs)
  let newest = last
  let found = 0
  for await (const page of inboundCrm.leadsUpdatedSince(since.toISOString(), run.signal)) {
    const integrated = page.filter((lead) => stages.isIntegrated(lead.stage))
    const known = await readTimes(
      state,
      integrated.map((lead) => String(lead.id)),
    )
    const missed = integrated.filter((lead) => known.get(String(lead.id)) !== lead.updateDate)
    if (!run.lease.held()) throw leaseLost(run.job)
    if (missed.length > 0)
      await lanes.leads.enqueue(prefix, 'poll', missed.map(({ id }) => JSON.stringify({ Lead: { Id: id } })).join('\n'))
    found += missed.length
    // A lead whose time cannot be read moves no cursor: it would end the polling for good.
    for (const { updateDate } of page)
      if (Date.parse(updateDate) > (newest === null ? Number.NEGATIVE_INFINITY : Date.parse(newest))) newest = updateDate
  }
  if (newest !== null && newest !== last) await moveCursor(state, cursor, newest, run.lease)
  return found
}
