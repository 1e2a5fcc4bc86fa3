/**
 * The letters on disk are the truth. What the index holds for queued without a letter (somebody deleted the file, or it was
 * unreadable and lies in falhas) would be suppressed for ever, so it is released before each compare.
 *
 * The index is asked first: a letter is on disk before it is recorded, and its changes have ended before it is archived.
 */

import { failLostLetters, queuedLetters } from '../../connectors/state/changes/queueing.ts'
import { entities } from '../../records/kinds.ts'
import type { Context } from '../context.ts'

export async function releaseLostLetters({ state, lanes, log }: Context): Promise<void> {
  for (const lane of Object.values(lanes)) {
    const mine = entities.filter((entity) => entity.kind === lane.name).map((entity) => entity.name)
    const recorded = await queuedLetters(state, mine)
    const onDisk = await lane.undelivered()
    const lost = recorded.filter((letter) => !onDisk.has(letter))
    if (lost.length === 0) continue
    const changes = await failLostLetters(state, lost)
    log.error(
      { lane: lane.name, letters: lost.slice(0, 20), changes },
      'letters are gone from the queue undelivered: what still differs is sent again',
    )
  }
}
