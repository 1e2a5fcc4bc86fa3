/**
 * Folders of publishers: `.tmp/<run>.<entity>/` of a compare, `.tmp/desk.<id>/` of a process that enqueues. Each has a
 * heartbeat, so that what a dead publisher left is told from what a live one is just writing.
 */
import { type Heartbeat, openBeatingFolder } from '../claim/heartbeat.ts'
import type { House } from '../house.ts'

export const MANIFEST = 'manifest.json'
export const DESK = 'desk.'
/** A folder that `recover` has taken away from its owner: by its old name nobody reaches it any more. */
export const TAKEN = '.taken.'

export interface Outbox {
  readonly folder: string
  readonly heartbeat: Heartbeat
}

/** null when there is such a folder. */
export async function openOutbox(house: House, name: string): Promise<Outbox | null> {
  const folder = `${house.layout.tmp}/${name}`
  const heartbeat = await openBeatingFolder(folder, house, house.disk)
  return heartbeat === null ? null : { folder, heartbeat }
}
