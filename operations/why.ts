/** Everything that ever happened to one company, in the order in which it happened: what was found, sent, refused, received, applied, decided. */

import type { LoggedRow } from '../connectors/erp/erp.ts'
import { latestWebhooks, pastActions, pastChanges, pastConflicts, pastEvents, pastTasks } from '../connectors/state/changes/history.ts'
import { stateClock } from '../connectors/state/query.ts'
import { whatHappened } from '../jobs/run/error-text.ts'
import type { DeadLetter } from '../queue-dirs/lane.types.ts'
import {
  actionHappening,
  changeHappenings,
  conflictHappening,
  eventHappening,
  type Happening,
  loggedHappening,
  type Remembered,
  taskHappenings,
  webhookHappening,
} from './happenings.ts'
import type { Lanes } from './open-dead.ts'
import { type Question, type Sources, type Who, whoIs } from './who-is.ts'

export type { Happening }

export interface History {
  readonly who: Who
  /** The oldest first. */
  readonly happenings: readonly Happening[]
}

/** @throws PonteError `why.bad_question`, exit code 2; `state.*` */
export async function why(sources: Sources & { readonly lanes: Lanes }, question: Question): Promise<History> {
  const { state, lanes } = sources
  const known = await whoIs(sources, question)
  const [logged, ahead, changes, events, conflicts, webhooks, actions, tasks] = await Promise.all([
    erpLogs(sources.erp, known),
    clockAhead(sources, known),
    pastChanges(state, known),
    pastEvents(state, known),
    pastConflicts(state, known),
    latestWebhooks(state, known),
    pastActions(state, known),
    pastTasks(state, known),
  ])
  const refusals = await stillDead(lanes, [
    ...changes.flatMap(({ status, letter }) => (status === 'failed' ? [letter] : [])),
    ...events.flatMap(({ outcome, letter }) => (outcome === 'refused' ? [letter] : [])),
  ])
  const told = new Set(events.map(({ letter }) => letter))
  const remembered = [
    ...changes.flatMap((change) => changeHappenings(change, refusals.get(change.letter))),
    ...events.map((event) => eventHappening(event, refusals.get(event.letter))),
    ...conflicts.map(conflictHappening),
    // What its job has come to is told as an event.
    ...webhooks.filter(({ letter }) => letter === null || !told.has(letter)).map(webhookHappening),
    ...actions.map(actionHappening),
    ...tasks.flatMap(taskHappenings),
  ].sort((a, b) => a.order - b.order || a.at.getTime() - b.at.getTime())
  const byErp = logged.rows.map((row) => loggedHappening({ ...row, at: new Date(row.at.getTime() - ahead) })).reverse()
  const who = { ...known, notes: [...known.notes, ...logged.notes] }
  return { who, happenings: merged(remembered, byErp) }
}

/**
 * Both in their own order, which no clock changes. Only where an entry of the ERP stands among ours is told by the time; of the same
 * moment it is the earlier one, because what it tells of is written down here afterwards.
 */
function merged(remembered: readonly Remembered[], byErp: readonly Happening[]): Happening[] {
  const entries = [...byErp]
  const told: Happening[] = []
  for (const { order: _, ...one } of remembered) {
    while (entries[0] !== undefined && entries[0].at <= one.at) told.push(entries.shift()!)
    told.push(one)
  }
  return [...told, ...entries]
}

/** By how much the ERP's clock is ahead of the state database's, ms in whole seconds. Two are rather the time that asking took, and its precision. */
async function clockAhead({ erp, state }: Pick<Sources, 'erp' | 'state'>, { away }: Who): Promise<number> {
  const theirs = away.includes('ERP') ? null : await erp.clock().catch(() => null)
  if (theirs === null) return 0
  const seconds = Math.round((theirs.getTime() - (await stateClock(state)).getTime()) / 1_000)
  return Math.abs(seconds) <= 2 ? 0 : seconds * 1_000
}

/** Of each of the ERP's logs: more than a person reads. */
const mostLogged = 200

/** What the ERP wrote down itself. The rest is worth showing without it. */
async function erpLogs(erp: Sources['erp'], { leads, persons, away }: Who): Promise<{ rows: readonly LoggedRow[]; notes: string[] }> {
  if (away.includes('ERP')) return { rows: [], notes: [] }
  try {
    const rows = await erp.logsOf({ leads: leads.slice(0, 100), persons: persons.slice(0, 200) }, mostLogged)
    const full = (['LOG_EXECUTION_CRM', 'ERROR_LOG'] as const).filter((log) => rows.filter((row) => row.log === log).length === mostLogged)
    return { rows, notes: full.map((log) => `Of ${log} the newest ${mostLogged} entries are shown; there may be older ones.`) }
  } catch (error) {
    return { rows: [], notes: [`The ERP’s own logs (LOG_EXECUTION_CRM, ERROR_LOG) are missing: ${whatHappened(error)}`] }
  }
}

/** Of these letters, those that lie in falhas now. */
async function stillDead(lanes: Lanes, letters: readonly string[]): Promise<Map<string, DeadLetter>> {
  const found = new Map<string, DeadLetter>()
  for (const letter of new Set(letters))
    for (const lane of Object.values(lanes)) {
      const dead = await lane.describeDead(letter).catch(() => null)
      if (dead) found.set(letter, dead)
    }
  return found
}
