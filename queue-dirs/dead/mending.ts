/**
 * How a dead letter is dealt with line by line: some wait again, some stay dead, some are put away for good. Like the end of a claim
 * (closing.ts) it happens in a seat until one rename decides:
 *
 *   1 falhas/L -> seat/L.buried                  whoever's rename succeeds has the letter; its sidecar stays
 *   2 L.again L.rest L.reasons L.discarded ...   the parts: staged, fsynced
 *   3 L.buried -> L.mended.<id> or L.emptied.<id>    the decision (emptied: nothing stays). Fails when the letter was taken away
 *   4 L.again -> processar/<fresh name of id>    what is new is durable before the old goes
 *   5 L.reasons -> falhas/L.error.json, L.rest -> falhas/L      or, emptied: the sidecar removed
 *   6 L.discarded -> processados/<day>/<L>.<id>.discarded.json
 *   7 the decision's file removed
 *
 * Stopped before 3, the letter goes back to falhas as it was; after 3, whoever recovers the seat goes on with 4. Each rename has
 * one source, and the fresh name follows from the decision's, so two who do it together move each part once.
 */
import { decodeTime } from 'ulid'
import { SIDECAR } from '../claim/closing.ts'
import type { House } from '../house.ts'
import { namesIn } from '../layout.ts'
import { parseName, sanitiseSlug, singleName } from '../letter/name.ts'

export const BURIED = '.buried'
const DECISION = /^(.+\.json)\.(mended|emptied)\.([0-9A-HJKMNP-TV-Z]{26})$/
/** Lines that are never sent, by why. */
export const ARCHIVES = ['discarded', 'superseded'] as const
export type ArchivedAs = (typeof ARCHIVES)[number]
const PARTS = ['.again', '.rest', '.reasons', ...ARCHIVES.map((as) => `.${as}`)]

export interface Parts {
  readonly again?: string
  /** What stays dead, with its sidecar. */
  readonly rest?: { readonly body: string; readonly sidecar: string }
  readonly archived: readonly { readonly as: ArchivedAs; readonly body: string | Uint8Array }[]
}

/** Names of the letter that waits again and of what was put away. */
export interface MendedNames {
  readonly again: string
  readonly archived: (as: ArchivedAs) => string
}

/**
 * Steps 2 to 7 for a letter that lies in `folder` as `<letter>.buried`.
 * @returns the names of the parts; null when the letter was taken away: nothing was changed
 */
export async function mend(house: House, folder: string, letter: string, parts: Parts): Promise<MendedNames | null> {
  const { disk } = house
  const at = `${folder}/${letter}`
  const { again, rest, archived } = parts
  if (again !== undefined) await disk.writeNew(`${at}.again`, again)
  if (rest !== undefined) await disk.writeNew(`${at}.rest`, rest.body)
  if (rest !== undefined) await disk.writeNew(`${at}.reasons`, rest.sidecar)
  for (const { as, body } of archived) await disk.writeNew(`${at}.${as}`, body)
  await disk.syncDirectory(folder)
  const id = house.nextId()
  if (!(await disk.rename(at + BURIED, `${at}.${rest === undefined ? 'emptied' : 'mended'}.${id}`))) {
    await dropParts(house, at)
    return null
  }
  await disk.syncDirectory(folder)
  await publishMended(house, folder, { letter, emptied: rest === undefined, id })
  return namesOf(house, letter, id)
}

interface Decision {
  readonly letter: string
  readonly emptied: boolean
  readonly id: string
}

/** Steps 4 to 7. Safe to repeat and to run twice at once. */
async function publishMended(house: House, folder: string, { letter, emptied, id }: Decision): Promise<void> {
  const { disk, layout } = house
  const at = `${folder}/${letter}`
  const names = namesOf(house, letter, id)
  if (await disk.rename(`${at}.again`, `${layout.processar}/${names.again}`)) await disk.syncDirectory(layout.processar)
  if (emptied) await disk.unlink(`${layout.falhas}/${letter}${SIDECAR}`)
  else {
    await disk.rename(`${at}.reasons`, `${layout.falhas}/${letter}${SIDECAR}`)
    await disk.rename(`${at}.rest`, `${layout.falhas}/${letter}`)
  }
  await disk.syncDirectory(layout.falhas)
  const day = `${layout.processados}/${new Date(house.clock.wall()).toISOString().slice(0, 10).replaceAll('-', '')}`
  const staged = new Set(await namesIn(folder))
  for (const as of ARCHIVES) {
    if (!staged.has(`${letter}.${as}`)) continue
    await disk.mkdir(day)
    await disk.rename(`${at}.${as}`, `${day}/${names.archived(as)}`)
    await disk.syncDirectory(day)
  }
  await disk.unlink(`${at}.${emptied ? 'emptied' : 'mended'}.${id}`)
}

/** The decision's id gives the names, so that whoever goes on with it finds the same ones. */
function namesOf(house: House, letter: string, id: string): MendedNames {
  const parsed = parseName(letter, house.prefixes)
  return {
    again: parsed === null ? letter : singleName(parsed.prefix, sanitiseSlug(parsed.slug), decodeTime(id), id),
    archived: (as) => `${letter.slice(0, -'.json'.length)}.${id}.${as}.json`,
  }
}

export const isMending = (name: string): boolean => letterOf(name) !== null

/**
 * Puts back or completes what a dead operator's process left in `folder`.
 * @param names what lies there
 * @returns letters put back or completed
 */
export async function recoverMends(house: House, folder: string, names: readonly string[]): Promise<number> {
  const { disk, layout } = house
  let letters = 0
  for (const letter of new Set(names.map(letterOf))) {
    if (letter === null) continue
    const at = `${folder}/${letter}`
    const back = await disk.rename(at + BURIED, `${layout.falhas}/${letter}`)
    if (back) await disk.syncDirectory(layout.falhas)
    // Once the rename has failed nothing can be decided here any more; so what is found now holds.
    const decision = back ? undefined : (await namesIn(folder)).map(decisionOf).find((one) => one?.letter === letter)
    if (decision) await publishMended(house, folder, decision)
    else await dropParts(house, at)
    if (back || decision) letters += 1
  }
  return letters
}

async function dropParts(house: House, at: string): Promise<void> {
  for (const part of PARTS) await house.disk.unlink(at + part)
}

function decisionOf(name: string): Decision | null {
  const [, letter, kind, id] = DECISION.exec(name) ?? []
  return letter !== undefined && id !== undefined ? { letter, emptied: kind === 'emptied', id } : null
}

function letterOf(name: string): string | null {
  const suffix = [BURIED, ...PARTS].find((each) => name.endsWith(`.json${each}`))
  return suffix === undefined ? (decisionOf(name)?.letter ?? null) : name.slice(0, -suffix.length)
}
