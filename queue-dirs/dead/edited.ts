/**
 * How a letter that waits gets another body. Like the end of a claim (closing.ts) it happens in a seat until one rename decides:
 *
 *   1 processar/L -> seat/L              whoever's rename succeeds has the letter: no worker can hold it meanwhile
 *   2 seat/L.edited                      the new body: written, fsynced
 *   3 seat/L -> seat/L.replaced          the decision. Fails when the letter was taken away: then 2 is junk
 *   4 seat/L.edited -> processar/L       back under its own name, and so at its old place in the order
 *   5 seat/L.replaced removed
 *
 * Stopped before 3, the letter goes back as it was; after 3, whoever recovers the seat goes on with 4. Its one source is the
 * new body, so two who do it together move it once, and the old body never comes back over it.
 * A desk in .tmp would not do: what a dead publisher left there was never acknowledged and is thrown away.
 */
import type { House } from '../house.ts'
import { exists } from '../layout.ts'

export const EDITED = '.edited'
export const REPLACED = '.replaced'

/**
 * Steps 2 to 5 for `letter`, which lies in `folder`.
 * @returns false when it is no longer there: nothing was changed
 */
export async function replaceBody(house: House, folder: string, letter: string, body: string): Promise<boolean> {
  const { disk } = house
  const at = `${folder}/${letter}`
  await disk.writeNew(at + EDITED, body)
  await disk.syncDirectory(folder)
  if (!(await disk.rename(at, at + REPLACED))) {
    await disk.unlink(at + EDITED)
    return false
  }
  await disk.syncDirectory(folder)
  await publishEdited(house, folder, letter)
  return true
}

/** Step 3 was done, and the end not yet. */
export const isReplaced = (at: string): Promise<boolean> => exists(at + REPLACED)

/** Steps 4 and 5. Safe to repeat and to run twice at once. */
export async function publishEdited(house: House, folder: string, letter: string): Promise<void> {
  const { disk, layout } = house
  const at = `${folder}/${letter}`
  await disk.rename(at + EDITED, `${layout.processar}/${letter}`)
  await disk.syncDirectory(layout.processar)
  await disk.unlink(at + REPLACED)
}
