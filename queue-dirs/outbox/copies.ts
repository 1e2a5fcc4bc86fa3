/**
 * Every letter of a lane for a backup, while workers go on. Letters never change where they lie, but they move; so what waits is read
 * before what has ended, and looked for again where it may have gone.
 *
 *   waiting, in hand → processar/   (a seat is its worker's; the letter in it counts as waiting)
 *   then falhas, then what came back from falhas meanwhile, then processados, outcomes last: they only grow
 *
 * What lies in .tmp was not acknowledged, or a compare makes it again.
 */
import { SIDECAR } from '../claim/closing.ts'
import { isBody } from '../dead/dead-letters.ts'
import type { House } from '../house.ts'
import { undeliveredLetters } from '../keep/counts.ts'
import { namesIn } from '../layout.ts'
import { filesIn } from '../letter/files-in.ts'

/** Reads the file at `path` for `name`, its place in the lane. Answers false when there is none (any more). */
export type Take = (name: string, path: string) => Promise<boolean>

/** A letter may move so often between the look and the read. */
const tries = 5

/** @returns letters taken */
export async function copyLetters(house: House, take: Take): Promise<number> {
  const { processar, processando, processados, falhas, progress } = house.layout
  const waiting = new Set<string>()
  let letters = 0
  const takeWaiting = async () => {
    for (const file of await undeliveredLetters(house)) {
      if (!isBody(file)) continue
      for (let tried = 1; tried <= tries && !waiting.has(file); tried++) {
        const seats = (await namesIn(processando)).map((seat) => `${processando}/${seat}`)
        for (const folder of [processar, ...seats])
          if (!waiting.has(file) && (await take(`processar/${file}`, `${folder}/${file}`))) waiting.add(file)
      }
    }
  }
  /** Taken already while it waited: then its outcomes say how it ended. */
  const takeEnded = async (file: string, name: string, path: string) => {
    if (waiting.has(file) || !(await take(name, path))) return false
    letters++
    return true
  }

  await takeWaiting()
  for await (const file of filesIn(house, falhas))
    if (isBody(file) && (await takeEnded(file, `falhas/${file}`, `${falhas}/${file}`)))
      await take(`falhas/${file}${SIDECAR}`, `${falhas}/${file}${SIDECAR}`)
  await takeWaiting()
  for (const day of await namesIn(processados))
    if (/^\d{8}$/.test(day))
      for await (const file of filesIn(house, `${processados}/${day}`))
        await takeEnded(file, `processados/${day}/${file}`, `${processados}/${day}/${file}`)
  for await (const file of filesIn(house, progress)) await take(`.progress/${file}`, `${progress}/${file}`)
  return letters + waiting.size
}

/** What a copy may be called; anything else in a backup is not ours. */
export const isCopyName = (name: string): boolean =>
  /^(processar|falhas|processados\/\d{8}|\.progress)\/[^/]+$/.test(name) && !/\/\.{1,2}$/.test(name)
