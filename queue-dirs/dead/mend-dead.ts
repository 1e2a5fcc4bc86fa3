/** An operator deals with a dead letter, line by line (E.1 #27). Taking it is a rename, so of two operators one has it. */
import { readFile } from 'node:fs/promises'
import { PonteError } from '../../base/error.ts'
import { SIDECAR } from '../claim/closing.ts'
import { takeSeat } from '../claim/seat.ts'
import type { House } from '../house.ts'
import type { Lane, LineFate, Mended } from '../lane.types.ts'
import { LONGEST_NAME } from '../letter/files-in.ts'
import { splitLines, textOf } from '../letter/letter-lines.ts'
import { parseName } from '../letter/name.ts'
import { deadPath, noSuchLetter, pairReasons, printSidecar, readSidecar, type Sidecar, versionOf } from './dead-letters.ts'
import { ARCHIVES, BURIED, mend, type Parts } from './mending.ts'

/** See `Lane.mendDead`. */
export async function mendDead(house: House, file: string, plan: Parameters<Lane['mendDead']>[1]): Promise<Mended> {
  const from = deadPath(house, file)
  if (Buffer.byteLength(file) > LONGEST_NAME)
    throw noSuchLetter(`its name is longer than ${LONGEST_NAME} bytes: rename it to a shorter one`)
  const { fates } = plan
  if (fates !== 'discarded' && fates.some(({ kind }) => kind === 'again') && parseName(file, house.prefixes) === null)
    throw noSuchLetter('its name has no prefix of this lane: rename it to <prefix>_<anything>.json')
  const seat = await takeSeat(house, 'mend')
  try {
    const at = `${seat.folder}/${file}`
    if (!(await house.disk.rename(from, at + BURIED))) throw noSuchLetter()
    const bytes = await readFile(at + BURIED)
    if (versionOf(bytes) !== plan.version) throw changedMeanwhile()
    const parts = partsOf(house, file, bytes, await readSidecar(from + SIDECAR), fates)
    const names = seat.fresh() ? await mend(house, seat.folder, file, parts) : null
    if (names === null) throw changedMeanwhile()
    return {
      again: parts.again === undefined ? null : names.again,
      archived: parts.archived.map(({ as }) => names.archived(as)),
      left: fates === 'discarded' ? 0 : fates.filter(({ kind }) => kind === 'stay').length,
    }
  } finally {
    // A letter that was not decided goes back to falhas here.
    await seat.leave()
  }
}

function partsOf(house: House, file: string, bytes: Buffer, sidecar: Sidecar | null, fates: 'discarded' | readonly LineFate[]): Parts {
  if (fates === 'discarded') return { archived: [{ as: fates, body: bytes }] }
  const texts = splitLines(textOf(bytes, 'the letter')).map(({ text }) => text)
  if (texts.length !== fates.length)
    throw new PonteError('queue.bad_plan', `the letter has ${texts.length} lines, the plan ${fates.length}`, {
      hint: 'a defect of the caller: each line has one fate',
    })
  const lines = fates.map((fate, index) => ({ ...fate, index, edited: fate.text !== undefined, text: fate.text ?? texts[index]! }))
  const of = (kind: LineFate['kind']) => lines.filter((line) => line.kind === kind)
  const print = (some: readonly { text: string }[]) => some.map(({ text }) => `${text}\n`).join('')
  const [again, stay] = [of('again'), of('stay')]
  const now = house.clock.wall()
  const reasons = pairReasons(sidecar?.lines ?? [], texts.length)
  const kept = stay.map(({ index, edited }) => ({ ...reasons[index]!, ...(edited ? { editedAt: new Date(now).toISOString() } : {}) }))
  const failedAt = sidecar === null ? now : Date.parse(sidecar.failedAt)
  return {
    ...(again.length > 0 ? { again: print(again) } : {}),
    ...(stay.length > 0 ? { rest: { body: print(stay), sidecar: printSidecar(file, failedAt, kept) } } : {}),
    archived: ARCHIVES.flatMap((as) => (of(as).length > 0 ? [{ as, body: print(of(as)) }] : [])),
  }
}

const changedMeanwhile = () =>
  new PonteError('queue.letter_changed', 'somebody else has changed this letter meanwhile', {
    hint: 'look at it again, then decide: nothing was changed by this',
  })
