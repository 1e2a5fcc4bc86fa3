import { rm, stat } from 'node:fs/promises'
import { PonteError } from '../../base/error.ts'
import { arrivalOf } from '../claim/arrivals.ts'
import { letterOfProgress } from '../claim/progress.ts'
import type { House } from '../house.ts'
import { exists, namesIn } from '../layout.ts'
import { filesIn } from '../letter/files-in.ts'
import { parseName } from '../letter/name.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Deletes `processados/<YYYYMMDD>` folders of days that ended more than `days` before `now` (UTC), and outcomes that a crash
 * left behind their letter. Anything in processados that is not such a folder is left alone.
 *
 * @param days at least 1
 * @returns folders deleted
 */
export async function purge(house: House, days: number, now: Date): Promise<number> {
  checkDays(days)
  const { processados } = house.layout
  const before = new Date(now.getTime() - days * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')
  let deleted = 0
  for (const name of await namesIn(processados)) {
    if (!/^\d{8}$/.test(name) || name >= before) continue
    await rm(`${processados}/${name}`, { recursive: true, force: true })
    deleted += 1
  }
  if (deleted > 0) await house.disk.syncDirectory(processados)
  await purgeProgress(house, now.getTime() - days * DAY_MS)
  return deleted
}

/**
 * Deletes letters of a prefix that no job takes, once they have waited for `days`.
 *
 * @param days at least 1
 * @returns letters deleted
 */
export async function purgeUntaken(house: House, prefix: string, days: number, now: Date): Promise<number> {
  checkDays(days)
  const { processar } = house.layout
  const before = now.getTime() - days * DAY_MS
  let deleted = 0
  for await (const name of filesIn(house, processar)) {
    const parsed = parseName(name, house.prefixes)
    if (parsed?.prefix !== prefix) continue
    const arrivedAt = await arrivalOf(house, parsed)
    if (arrivedAt === null || arrivedAt >= before) continue
    await house.disk.unlink(`${processar}/${name}`)
    deleted += 1
  }
  if (deleted > 0) await house.disk.syncDirectory(processar)
  return deleted
}

function checkDays(days: number): void {
  if (Number.isInteger(days) && days >= 1) return
  throw new PonteError('queue.bad_days', 'letters are kept for whole days, at least 1', {
    hint: 'give a whole number of days',
    exitCode: 2,
  })
}

/** A letter may be moving while we look, so it must be missing three times, and its outcomes untouched for days. */
async function purgeProgress(house: House, before: number): Promise<void> {
  const { disk, layout } = house
  const old: string[] = []
  for (const name of await namesIn(layout.progress)) {
    const info = await stat(`${layout.progress}/${name}`).catch(() => null)
    if (info !== null && info.mtimeMs < before) old.push(name)
  }
  if (old.length === 0) return
  const claimed = await lettersInSeats(house)
  const orphans: string[] = []
  for (const name of old) {
    const letter = letterOfProgress(name)
    if (!claimed.has(letter) && !(await exists(`${layout.processar}/${letter}`))) orphans.push(name)
  }
  const claimedNow = await lettersInSeats(house)
  for (const name of orphans) if (!claimedNow.has(letterOfProgress(name))) await disk.unlink(`${layout.progress}/${name}`)
}

async function lettersInSeats(house: House): Promise<Set<string>> {
  const letters = new Set<string>()
  for (const seat of await namesIn(house.layout.processando)) {
    for (const name of await namesIn(`${house.layout.processando}/${seat}`)) letters.add(name.replace(/\.json\..*$/, '.json'))
  }
  return letters
}
