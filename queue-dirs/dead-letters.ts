/** falhas: what was refused for good, with the reasons in `<name>.error.json`, until an operator sends it round again. */
import { constants, open, opendir, readFile, stat } from 'node:fs/promises'
import { PonteError } from '../base/error.ts'
import { SIDECAR } from './closing.ts'
import type { House } from './house.ts'
import type { DeadLetter, LaneName } from './lane.types.ts'
import { parseName, sanitiseSlug, singleName } from './name.ts'

type DeadLine = DeadLetter['lines'][number]

interface Sidecar {
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
  for await (const entry of await opendir(house.layout.falhas)) {
    if (!entry.isFile() || !isBody(entry.name)) continue
    const letter = await describe(house, lane, entry.name)
    if (letter !== null) yield letter
  }
}

/** @throws PonteError `queue.no_such_letter` */
export async function showDead(house: House, lane: LaneName, file: string): Promise<{ letter: DeadLetter; body: string }> {
  const path = pathOf(house, file)
  const letter = await describe(house, lane, file)
  if (letter === null) throw noSuchLetter()
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => {
    throw noSuchLetter()
  })
  try {
    return { letter, body: await handle.readFile('utf8') }
  } finally {
    await handle.close()
  }
}

/**
 * Sends a dead letter round again under a fresh name of the same prefix, as the newest arrival. Stopped between the two steps,
 * a sidecar without its letter is left, which `recover` removes.
 *
 * @returns the new name
 * @throws PonteError `queue.no_such_letter` (also for whoever comes second)
 */
export async function requeue(house: House, file: string): Promise<string> {
  const from = pathOf(house, file)
  const parsed = parseName(file, house.prefixes)
  if (parsed === null) throw noSuchLetter('its name has no prefix of this lane: rename it to <prefix>_<anything>.json')
  const fresh = singleName(parsed.prefix, sanitiseSlug(parsed.slug), house.nameTime(), house.nextId())
  if (!(await house.disk.rename(from, `${house.layout.processar}/${fresh}`))) throw noSuchLetter()
  await house.disk.syncDirectory(house.layout.processar)
  await house.disk.unlink(from + SIDECAR)
  return fresh
}

export const isBody = (file: string): boolean => file.endsWith('.json') && !file.endsWith(SIDECAR) && !file.startsWith('.')

/** null when the letter is gone. A letter without a sidecar (put there by hand) has no lines. */
async function describe(house: House, lane: LaneName, file: string): Promise<DeadLetter | null> {
  const path = pathOf(house, file)
  const info = await stat(path).catch(() => null)
  if (info === null) return null
  const sidecar = await readSidecar(path + SIDECAR)
  return { lane, file, failedAt: sidecar?.failedAt ?? info.mtime.toISOString(), lines: sidecar?.lines ?? [] }
}

async function readSidecar(path: string): Promise<Sidecar | null> {
  try {
    const sidecar = JSON.parse(await readFile(path, 'utf8')) as Sidecar
    return Array.isArray(sidecar.lines) ? sidecar : null
  } catch {
    return null
  }
}

/** A bare file name inside falhas; anything else (slashes, dots in front, control characters) is no letter. */
function pathOf(house: House, file: string): string {
  if (!isBody(file) || /[/\\\p{Cc}]/u.test(file) || file.length > 255) throw noSuchLetter()
  return `${house.layout.falhas}/${file}`
}

const noSuchLetter = (hint = 'list the dead letters; somebody may have requeued this one') =>
  new PonteError('queue.no_such_letter', 'there is no such letter in falhas', { hint, exitCode: 2 })
