/** falhas: what was refused for good, with the reasons in `<name>.error.json`, until an operator sends it round again. */
import { createHash } from 'node:crypto'
import { constants, open, readFile, stat } from 'node:fs/promises'
import { PonteError } from '../../base/error.ts'
import { SIDECAR } from '../claim/closing.ts'
import type { House } from '../house.ts'
import type { DeadLetter, DeadLine, LaneName, ShownLetter } from '../lane.types.ts'
import { filesIn } from '../letter/files-in.ts'
import { MAX_LETTER_BYTES, splitLines, textOf } from '../letter/letter-lines.ts'
import { parseName, sanitiseSlug, singleName, UNKNOWN_PREFIX } from '../letter/name.ts'

export interface Sidecar {
  readonly file: string
  readonly failedAt: string
  readonly lines: readonly DeadLine[]
}

export function printSidecar(file: string, at: number, lines: readonly DeadLine[]): string {
  const sidecar: Sidecar = { file, failedAt: new Date(at).toISOString(), lines }
  return `${JSON.stringify(sidecar, null, 2)}\n`
}

/** Streams falhas in the order of the directory. */
export async function* deadLetters(house: House, lane: LaneName): AsyncGenerator<DeadLetter> {
  for await (const name of filesIn(house, house.layout.falhas)) {
    if (!isBody(name)) continue
    const letter = await describe(house, lane, name)
    if (letter !== null) yield letter
  }
}

/** See `Lane.showDead`. */
export async function showDead(house: House, lane: LaneName, file: string): Promise<ShownLetter> {
  const path = deadPath(house, file)
  const letter = await describe(house, lane, file)
  if (letter === null) throw noSuchLetter()
  const prefix = parseName(file, house.prefixes)?.prefix ?? UNKNOWN_PREFIX
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => {
    throw noSuchLetter()
  })
  try {
    if ((await handle.stat()).size > MAX_LETTER_BYTES) return { letter, prefix, body: '', lines: null, version: '' }
    const bytes = await handle.readFile()
    const lines = linesOf(bytes)?.map((text, index, all) => ({ text, reason: pairReasons(letter.lines, all.length)[index]! })) ?? null
    return { letter, prefix, body: bytes.toString('utf8'), lines, version: versionOf(bytes) }
  } finally {
    await handle.close()
  }
}

/** null when it is refused as a whole: it is not UTF-8, or empty. */
function linesOf(bytes: Buffer): string[] | null {
  try {
    const lines = splitLines(textOf(bytes, 'the letter')).map(({ text }) => text)
    return lines.length === 0 ? null : lines
  } catch {
    return null
  }
}

/** Tells whether a letter is still what somebody has looked at. */
export const versionOf = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

/**
 * One reason per line of the letter, whatever the sidecar holds: reasons are in the order of the lines; the reason of a letter that was
 * refused as a whole is every line's; a line that somebody added by hand has none.
 */
export function pairReasons(reasons: readonly DeadLine[], lines: number): DeadLine[] {
  const whole = reasons[0]?.line === 0 ? reasons[0] : undefined
  const none = { code: 'UNKNOWN', reason: 'No reason was kept with this line.', attempts: 0 }
  return Array.from({ length: lines }, (_, index) => (whole ? undefined : reasons[index]) ?? { ...(whole ?? none), line: index + 1 })
}

/**
 * Sends a dead letter round again under a fresh name of the same prefix, as the newest arrival. Stopped between the two steps,
 * a sidecar without its letter is left, which `recover` removes.
 *
 * @returns the new name
 * @throws PonteError `queue.no_such_letter` (also for whoever comes second)
 */
export async function requeue(house: House, file: string): Promise<string> {
  const from = deadPath(house, file)
  const parsed = parseName(file, house.prefixes)
  if (parsed === null) throw noSuchLetter('its name has no prefix of this lane: rename it to <prefix>_<anything>.json')
  const fresh = singleName(parsed.prefix, sanitiseSlug(parsed.slug), house.nameTime(), house.nextId())
  if (!(await house.disk.rename(from, `${house.layout.processar}/${fresh}`))) throw noSuchLetter()
  await house.disk.syncDirectory(house.layout.processar)
  await house.disk.unlink(from + SIDECAR)
  return fresh
}

export const isBody = (file: string): boolean => file.endsWith('.json') && !file.endsWith(SIDECAR) && !file.startsWith('.')

/** null when the letter is gone. A letter without a readable sidecar (put there by hand) has no lines. */
export async function describe(house: House, lane: LaneName, file: string): Promise<DeadLetter | null> {
  const path = deadPath(house, file)
  const info = await stat(path).catch(() => null)
  if (info === null) return null
  const sidecar = await readSidecar(path + SIDECAR)
  return { lane, file, failedAt: sidecar?.failedAt ?? info.mtime.toISOString(), lines: sidecar?.lines ?? [] }
}

/** null when there is none, or none that can be read: torn by a disk, or edited by hand. */
export async function readSidecar(path: string): Promise<Sidecar | null> {
  try {
    const { file, failedAt, lines } = JSON.parse(await readFile(path, 'utf8')) as Sidecar
    return !Number.isNaN(Date.parse(failedAt)) && lines.every(isDeadLine) ? { file, failedAt, lines } : null
  } catch {
    return null
  }
}

const isDeadLine = ({ line, code, reason }: DeadLine): boolean =>
  Number.isInteger(line) && typeof code === 'string' && typeof reason === 'string'

/** A bare file name inside falhas; anything else (slashes, dots in front, control characters: see files-in.ts) is no letter. */
export function deadPath(house: House, file: string): string {
  if (!isBody(file) || /[/\\\p{Cc}]/u.test(file) || file.length > 255) throw noSuchLetter()
  return `${house.layout.falhas}/${file}`
}

export const noSuchLetter = (hint = 'list the dead letters; somebody may have requeued this one') =>
  new PonteError('queue.no_such_letter', 'there is no such letter in falhas', { hint, exitCode: 2 })
