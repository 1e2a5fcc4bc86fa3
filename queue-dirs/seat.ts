/**
 * A worker's place: `processando/<worker>.<epoch>/` with its heartbeat and the letters it holds.
 *
 * The epoch is new for every seat and never used again. So once a letter is renamed out of a seat, its former holder can reach
 * it by no path that it knows: every later rename, and with it every effect on the queue, fails. That is the fence.
 */

import { HEARTBEAT, startHeartbeat } from './heartbeat.ts'
import type { House } from './house.ts'
import { makeNewFolder } from './layout.ts'
import { sanitiseSlug } from './name.ts'

export interface Seat {
  readonly worker: string
  readonly folder: string
  /** False for ever once the lease has run out. */
  fresh(): boolean
  /** Stops the heartbeat and removes the folder if it is empty; a letter still inside is recovered later by anyone. */
  leave(): Promise<void>
}

export async function takeSeat(house: House, worker: string): Promise<Seat> {
  const { disk, layout } = house
  const folder = `${layout.processando}/${sanitiseSlug(worker)}.${house.nextId()}`
  // Durable before a letter moves in.
  await makeNewFolder(folder, layout.processando, disk)
  const heartbeat = await startHeartbeat(folder, house, disk)
  return {
    worker,
    folder,
    fresh: heartbeat.fresh,
    async leave() {
      heartbeat.stop()
      await disk.unlink(`${folder}/${HEARTBEAT}`)
      await disk.rmdir(folder)
    },
  }
}
