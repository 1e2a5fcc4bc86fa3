/** An operator puts a dead letter back on the queue (mission C.2 rule 9). */
import type pg from 'pg'
import type { ChangeId } from '../connectors/state/changes.ts'
import { requeueChanges } from '../connectors/state/queueing.ts'
import type { Lane } from '../queue-dirs/lane.types.ts'

/**
 * Letter first, index second: after a crash in between the delivery takes a failed change as queued all the same.
 * Lines that name no change (foreign letters) are judged when they are delivered.
 */
export async function requeueLetter(
  state: pg.Pool,
  lane: Lane,
  file: string,
): Promise<{ letter: string; queued: number; superseded: number }> {
  const { body } = await lane.showDead(file)
  const changes = body.split('\n').flatMap(changeNamed)
  const letter = await lane.requeue(file)
  return { letter, ...(await requeueChanges(state, changes, letter)) }
}

function changeNamed(text: string): ChangeId[] {
  try {
    const { _RUN: run, _ENTITY: entity, _KEY: key } = JSON.parse(text)
    return run && entity && key ? [{ run, entity, key }] : []
  } catch {
    return []
  }
}
