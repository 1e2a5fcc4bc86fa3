/**
 * A worker's place: `processando/<worker>.<epoch>/` with its heartbeat and the letters it holds.
 *
 * The epoch is new for every seat and never used again. So once a letter is renamed out of a seat, its former holder can reach
 * it by no path that it knows: every later rename, and with it every effect on the queue, fails. That is the fence.
 */

import { PonteError } from '../../base/error.ts'
import type { House } from '../house.ts'
import { sanitiseSlug } from '../letter/name.ts'
import { openBeatingFolder } from './heartbeat.ts'
import { emptySeat } from './stale-seats.ts'

export interface Seat {
  readonly worker: string
  readonly folder: string
  /** False for ever once the lease has run out. */
  fresh(): boolean
  /** Stops the heartbeat, completes or gives back what is still here, and removes the folder. */
  leave(): Promise<void>
}

export async function takeSeat(house: House, worker: string): Promise<Seat> {
  const folder = `${house.layout.processando}/${sanitiseSlug(worker)}.${house.nextId()}`
  // Durable before a letter moves in.
  const heartbeat = await openBeatingFolder(folder, house, house.disk)
  if (heartbeat === null) {
    throw new PonteError('queue.seat_taken', 'a new seat exists already', {
      hint: 'a defect, or two hosts with the same random numbers: try again',
    })
  }
  return {
    worker,
    folder,
    fresh: heartbeat.fresh,
    async leave() {
      // Should the rest fail, the folder is silent from here on and is recovered by anyone after the lease.
      heartbeat.stop()
      await emptySeat(house, folder)
    },
  }
}
