/**
 * How a claim with dead lines ends. All of it happens in the worker's own folder until one rename decides:
 *
 *   1 L.good L.dead L.error   good lines, dead lines, sidecar: staged, fsynced
 *   2 L -> L.closed           the decision. Fails when the letter was taken away: then 1 is junk
 *   3 L.error -> falhas/L.error.json     (sidecar first)
 *   4 L.dead  -> falhas/L
 *   5 L.good  -> processados/<day>/L
 *   6 L.closed removed, then the progress
 *
 * Stopped before 2, the letter is still whole with its progress: it goes back and is closed again from scratch. Stopped after
 * 2, whoever recovers the folder goes on with 3: each rename has one source, so two who do it together move each part once.
 * Nothing outside becomes visible before 2, so nothing can be requeued by an operator and then be closed a second time.
 * A letter that is dead as a whole is not copied: it is renamed to L.rejected in step 2 and to falhas/L in step 4.
 */
import type { House } from '../house.ts'
import { exists } from '../layout.ts'
import { dropProgress } from './progress.ts'

export const STAGED = ['.good', '.dead', '.error'] as const
export const CLOSED = '.closed'
export const REJECTED = '.rejected'
export const SIDECAR = '.error.json'

export interface Parts {
  /** Undefined when no line is good. */
  readonly good?: string
  readonly dead: string
  readonly sidecar: string
}

/**
 * Steps 1 to 6 for `letter` in `folder`.
 * @returns false when the letter is no longer there: another worker has it, nothing was moved
 */
export async function closeWithFailures(house: House, folder: string, letter: string, parts: Parts): Promise<boolean> {
  const { disk } = house
  const at = `${folder}/${letter}`
  // A former try of this very claim may have failed half-way (disk full).
  for (const suffix of STAGED) await disk.unlink(at + suffix)
  if (parts.good !== undefined) await disk.writeNew(`${at}.good`, parts.good)
  await disk.writeNew(`${at}.dead`, parts.dead)
  await disk.writeNew(`${at}.error`, parts.sidecar)
  await disk.syncDirectory(folder)
  if (!(await disk.rename(at, at + CLOSED))) {
    for (const suffix of STAGED) await disk.unlink(at + suffix)
    return false
  }
  await disk.syncDirectory(folder)
  await publishClosed(house, folder, letter)
  return true
}

/** The same for a letter that is dead as a whole. */
export async function closeRejected(house: House, folder: string, letter: string, sidecar: string): Promise<boolean> {
  const { disk } = house
  const at = `${folder}/${letter}`
  for (const suffix of STAGED) await disk.unlink(at + suffix)
  await disk.writeNew(`${at}.error`, sidecar)
  await disk.syncDirectory(folder)
  if (!(await disk.rename(at, at + REJECTED))) {
    await disk.unlink(`${at}.error`)
    return false
  }
  await disk.syncDirectory(folder)
  await publishClosed(house, folder, letter)
  return true
}

/** Step 2 was done, and the end not yet. */
export const isClosed = async (at: string): Promise<boolean> => (await exists(at + CLOSED)) || (await exists(at + REJECTED))

/** Steps 3 to 6. Safe to repeat and to run twice at once. */
export async function publishClosed(house: House, folder: string, letter: string): Promise<void> {
  const { disk, layout } = house
  const at = `${folder}/${letter}`
  await disk.rename(`${at}.error`, `${layout.falhas}/${letter}${SIDECAR}`)
  await disk.syncDirectory(layout.falhas)
  for (const body of ['.dead', REJECTED]) await disk.rename(at + body, `${layout.falhas}/${letter}`)
  await disk.syncDirectory(layout.falhas)
  if (await exists(`${at}.good`)) await archive(house, `${at}.good`, letter)
  await disk.unlink(at + CLOSED)
  await dropProgress(layout.progress, letter, disk)
}

/**
 * Moves `from` to `processados/<YYYYMMDD>/<letter>` durably. The day is the day of the move (UTC).
 * @returns false when `from` was gone
 */
export async function archive(house: House, from: string, letter: string): Promise<boolean> {
  const day = new Date(house.clock.wall()).toISOString().slice(0, 10).replaceAll('-', '')
  const folder = `${house.layout.processados}/${day}`
  await house.disk.mkdir(folder)
  const moved = await house.disk.rename(from, `${folder}/${letter}`)
  await house.disk.syncDirectory(folder)
  return moved
}
