/** purge: deletes what was kept long enough. Each part is on its own: what cannot be deleted today is deleted tomorrow. */
import { purgeRuns } from '../../connectors/state/runs/run-history.ts'
import type { Context, Job, JobOutcome, JobRun } from '../context.ts'
import { errorText } from '../run/error-text.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

export const purge: Job = {
  name: 'purge',
  aliases: [],
  summary: 'delete delivered letters, timeline events, which no job takes, and runs that had nothing to do, older than KEEP_DAYS',
  async run(context, run) {
    const counts: Record<string, number> = {}
    const failures: string[] = []
    for (const [name, remove] of Object.entries(parts(context, run))) {
      if (run.signal.aborted) return { status: 'failed', counts, message: 'stopped before the end; the next run goes on' }
      try {
        counts[name] = await remove()
      } catch (error) {
        context.log.error({ err: error, part: name }, 'a part of the purge failed')
        failures.push(`${name}: ${errorText(error)}`)
      }
    }
    return outcome(counts, failures)
  },
}

/** What is deleted, by the name of its count. */
function parts({ lanes, state, options }: Context, { at }: JobRun): Record<string, () => Promise<number>> {
  const before = new Date(at.getTime() - options.keepDays * DAY_MS)
  return {
    ...Object.fromEntries(Object.values(lanes).map((lane) => [`${lane.name}Days`, () => lane.purge(options.keepDays, at)])),
    // What happened on a lead's timeline is for people to read; nothing of it belongs into the ERP.
    timelineEvents: () => lanes.contacts.purgeUntaken('inserted_timeline', options.keepDays, at),
    idleRuns: () => purgeRuns(state, before),
  }
}

function outcome(counts: Record<string, number>, failures: readonly string[]): JobOutcome {
  if (failures.length > 0) return { status: 'failed', counts, message: failures.join('\n') }
  if (Object.values(counts).every((count) => count === 0)) return { status: 'skipped', counts, message: 'nothing to do' }
  return { status: 'success', counts }
}
