/**
 * Missed webhooks are found by asking the CRM what changed since the last look: `updateDate`, in pages of 500, compared
 * with when each lead was last read. What is new becomes lines of a letter, durable before the cursor moves; lines found twice do no harm.
 * Whatever changed after the cursor was last moved has not been seen, wherever the cursor points.
 */
import { moveCursor, readCursor, readTimes } from '../../connectors/state/changes/agreed.ts'
import { leaseLost } from '../../connectors/state/runs/leases.ts'
import type { Stages } from '../../records/stages.ts'
import type { Context, JobRun } from '../context.ts'
import { errorText } from '../run/error-text.ts'

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
  const from = last === null ? run.at.getTime() - firstLookMs : Math.min(Date.parse(last.value), last.movedAt.getTime()) - overlapMs
  const since = new Date(from).toISOString()
  let newest = last?.value ?? since
  let found = 0
  for await (const page of inboundCrm.leadsUpdatedSince(since, run.signal)) {
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
    for (const { updateDate } of page) if (movesTo(updateDate, newest, run.at)) newest = updateDate
  }
  if (newest !== last?.value) await moveCursor(state, cursor, newest, run.lease)
  return found
}

/**
 * The cursor stands at times that have passed: one lead dated 2099 would hide every later change. What lies in the future is read again by
 * each look until its time has come. A cursor that an older version left in the future is undone by the next time that has passed; a time
 * that cannot be read moves nothing.
 */
function movesTo(time: string, cursor: string, now: Date): boolean {
  const at = Date.parse(time)
  return at <= now.getTime() && (at > Date.parse(cursor) || Date.parse(cursor) > now.getTime())
}
