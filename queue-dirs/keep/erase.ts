/**
 * Takes lines out of all letters of a lane, for good (personal data whose time is over). Each step leaves letters whole, so it may be killed
 * anywhere and run again:
 *
 *   waiting   the line becomes an empty one, by the steps of edited.ts: the others keep their places; a letter without lines is put away
 *   falhas    the line is put away by the steps of mending.ts; the others stay dead, with their reasons
 *   ended     the file is replaced; one without lines is removed, because its name may name somebody too
 *
 * In that order, so that what is put away is met again at the end. Outcomes of lines go with them: their reasons quote values. What a worker
 * has in hand is only counted: run it again.
 */
import { relative } from 'node:path'
import { PonteError } from '../../base/error.ts'
import { archive } from '../claim/closing.ts'
import { dropProgress, forgetOutcomes } from '../claim/progress.ts'
import { isBody, showDead } from '../dead/dead-letters.ts'
import { editWaiting } from '../dead/edit-waiting.ts'
import { mendDead } from '../dead/mend-dead.ts'
import type { House } from '../house.ts'
import type { EraseChoice, Erased, LaneName } from '../lane.types.ts'
import { namesIn } from '../layout.ts'
import { filesIn } from '../letter/files-in.ts'
import { readText, splitLines } from '../letter/letter-lines.ts'
import { parseName, UNKNOWN_PREFIX } from '../letter/name.ts'

/** See `Lane.erase`. */
export async function eraseLines(house: House, lane: LaneName, { isMeant, dryRun }: EraseChoice): Promise<Erased> {
  const { processar, processando, processados, falhas } = house.layout
  const total = { waiting: 0, dead: 0, ended: 0, inHand: 0, removed: [] as string[], unread: [] as string[] }
  const meantIn = (prefix: string, body: string) => splitLines(body).filter(({ text }) => isMeant(prefix, text)).length

  const unread = (path: string) => total.unread.push(relative(house.layout.lane, path))
  for (const file of await bodiesIn(house, processar)) {
    const body = await bodyOf(`${processar}/${file}`, unread)
    const lines = splitLines(body ?? '').filter(({ text }) => isMeant(prefixOf(house, file), text))
    total.waiting += lines.length
    if (!dryRun && lines.length > 0) await forgetOutcomes(house, file, new Set(lines.map(({ index }) => index)))
  }
  if (!dryRun && total.waiting > 0)
    for (const prefix of house.prefixes) await editWaiting(house, prefix, (body) => without(body, (text) => isMeant(prefix, text)))
  if (!dryRun)
    for (const file of await bodiesIn(house, processar))
      if (isBlank(await bodyOf(`${processar}/${file}`))) await archive(house, `${processar}/${file}`, file)

  for (const file of await bodiesIn(house, falhas)) {
    const shown = await showDead(house, lane, file).catch(() => null)
    if (shown !== null && shown.lines === null) unread(`${falhas}/${file}`)
    const meant = shown?.lines?.map(({ text }) => isMeant(shown.prefix, text)) ?? []
    total.dead += meant.filter(Boolean).length
    if (dryRun || shown === null || !meant.includes(true)) continue
    const fates = meant.every(Boolean)
      ? ('discarded' as const)
      : meant.map((one) => ({ kind: one ? ('discarded' as const) : ('stay' as const) }))
    await mendDead(house, file, { version: shown.version, fates })
    await dropProgress(house.layout.progress, file, house.disk)
  }

  for (const seat of await namesIn(processando))
    for (const file of await bodiesIn(house, `${processando}/${seat}`))
      total.inHand += meantIn(prefixOf(house, file), (await bodyOf(`${processando}/${seat}/${file}`)) ?? '')

  for (const day of await namesIn(processados))
    for (const file of await bodiesIn(house, `${processados}/${day}`)) {
      const path = `${processados}/${day}/${file}`
      const body = await bodyOf(path, unread)
      const meant = body === null ? 0 : meantIn(prefixOf(house, file), body)
      if (meant === 0 && !isBlank(body)) continue
      total.ended += meant
      const rest = without(body!, (text) => isMeant(prefixOf(house, file), text)) ?? body!
      if (dryRun) continue
      await dropProgress(house.layout.progress, file, house.disk)
      if (!isBlank(rest)) await house.disk.replace(path, rest)
      else if (await house.disk.unlink(path)) {
        await house.disk.syncDirectory(`${processados}/${day}`)
        total.removed.push(file)
      }
    }
  return total
}

/** The body with empty lines in place of those that are meant; null: there are none. */
function without(body: string, isMeant: (text: string) => boolean): string | null {
  const lines = splitLines(body)
  const gone = new Set(lines.filter(({ text }) => isMeant(text)).map(({ index }) => index))
  if (gone.size === 0) return null
  // A single object over several lines is one line, and all of the letter.
  if (gone.size === lines.length) return '\n'
  return body
    .split('\n')
    .map((text, index) => (gone.has(index) ? '' : text))
    .join('\n')
}

/** All its lines were erased. An empty file is something else: a letter whose content was lost. */
const isBlank = (body: string | null): boolean => body !== null && body !== '' && body.trim() === ''
const prefixOf = (house: House, file: string): string => parseName(file, house.prefixes)?.prefix ?? UNKNOWN_PREFIX

/** Names first: what comes back into the folder while it is listed may be listed again. */
async function bodiesIn(house: House, folder: string): Promise<string[]> {
  const found: string[] = []
  for await (const name of filesIn(house, folder)) if (isBody(name)) found.push(name)
  return found
}

/** null: gone, or no text, which `unread` is told. */
const bodyOf = (path: string, unread?: (path: string) => void): Promise<string | null> =>
  readText(path, 'a letter').catch((error) => {
    if (error instanceof PonteError) unread?.(path)
    return null
  })
