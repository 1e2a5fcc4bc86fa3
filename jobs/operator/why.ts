/** Everything that ever happened to one company, in order of time: what was found, sent, refused, received, applied, decided. */
import { latestWebhooks, pastActions, pastChanges, pastConflicts, pastEvents, pastTasks } from '../../connectors/state/history.ts'
import type { DeadLetter } from '../../queue-dirs/lane.types.ts'
import {
  actionHappening,
  changeHappenings,
  conflictHappening,
  eventHappening,
  type Happening,
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
  const who = await whoIs(sources, question)
  const [changes, events, conflicts, webhooks, actions, tasks] = await Promise.all([
    pastChanges(state, who),
    pastEvents(state, who),
    pastConflicts(state, who),
    latestWebhooks(state, who),
    pastActions(state, who),
    pastTasks(state, who),
  ])
  const refusals = await stillDead(lanes, [
    ...changes.flatMap(({ status, letter }) => (status === 'failed' ? [letter] : [])),
    ...events.flatMap(({ outcome, letter }) => (outcome === 'refused' ? [letter] : [])),
  ])
  const known = new Set(events.map(({ letter }) => letter))
  const happenings = [
    ...changes.flatMap((change) => changeHappenings(change, refusals.get(change.letter))),
    ...events.map((event) => eventHappening(event, refusals.get(event.letter))),
    ...conflicts.map(conflictHappening),
    // What its job has come to is told as an event.
    ...webhooks.filter(({ letter }) => letter === null || !known.has(letter)).map(webhookHappening),
    ...actions.map(actionHappening),
    ...tasks.flatMap(taskHappenings),
  ]
  return { who, happenings: happenings.sort((a, b) => a.at.getTime() - b.at.getTime()) }
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
