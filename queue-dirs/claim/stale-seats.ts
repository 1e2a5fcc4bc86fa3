/** Takes letters back from workers that died or lost their lease. */

import { EDITED, isReplaced, publishEdited, REPLACED } from '../dead/edited.ts'
import { isMending, recoverMends } from '../dead/mending.ts'
import type { House } from '../house.ts'
import { namesIn } from '../layout.ts'
import { CLOSED, isClosed, publishClosed, REJECTED, STAGED } from './closing.ts'
import { HEARTBEAT, type Watcher } from './heartbeat.ts'

/**
 * @param wait true: stays until every silent worker has either shown itself alive or lost its lease (up to `leaseMs`); false:
 *             takes only those known dead by now, and remembers the others for the next look
 * @returns letters given back or closed
 */
export async function recoverSeats(house: House, watcher: Watcher, { wait }: { wait: boolean }): Promise<number> {
  const { processando } = house.layout
  let letters = 0
  const alive = new Set<string>()
  for (;;) {
    const folders = (await namesIn(processando)).map((name) => `${processando}/${name}`)
    watcher.keepOnly(processando, new Set(folders))
    let silent = false
    for (const folder of folders) {
      if (alive.has(folder)) continue
      const state = await watcher.look(folder)
      if (state === 'alive') alive.add(folder)
      if (state === 'silent') silent = true
      if (state === 'dead') letters += await emptySeat(house, folder)
    }
    if (!silent || !wait) return letters
    await house.clock.sleep(Math.max(5, house.heartbeatMs / 2))
  }
}

/**
 * Completes what was decided in a seat and gives back the rest. Several may do it together; each rename has one winner.
 * @returns letters given back or closed
 */
export async function emptySeat(house: House, folder: string): Promise<number> {
  const { disk, layout } = house
  const names = await namesIn(folder)
  let letters = await recoverMends(house, folder, names)
  const held = new Set(names.filter((name) => !name.startsWith('.') && !isMending(name)).map(letterOf))
  for (const letter of held) {
    const at = `${folder}/${letter}`
    // Once this has failed the letter can no longer be closed from this seat; so what `isClosed` then says holds.
    const back = await disk.rename(at, `${layout.processar}/${letter}`)
    const closed = !back && (await isClosed(at))
    const replaced = !back && !closed && (await isReplaced(at))
    if (closed) await publishClosed(house, folder, letter)
    if (replaced) await publishEdited(house, folder, letter)
    const decided = closed || replaced
    for (const suffix of [...STAGED, EDITED]) if (!decided && names.includes(letter + suffix)) await disk.unlink(at + suffix)
    if (back || decided) letters += 1
  }
  if (letters > 0) await disk.syncDirectory(layout.processar)
  if ((await namesIn(folder)).every((name) => name === HEARTBEAT)) {
    await disk.unlink(`${folder}/${HEARTBEAT}`)
    await disk.rmdir(folder)
  }
  return letters
}

function letterOf(name: string): string {
  const suffix = [...STAGED, CLOSED, REJECTED, EDITED, REPLACED].find((each) => name.endsWith(each))
  return suffix === undefined ? name : name.slice(0, -suffix.length)
}
