/**
 * Makes good what a dead desk's journal vouches for. After a kill the letters lie where they belong, only the disk may not have them yet.
 * After a power cut some are gone, empty or half written: all are written again, wherever they have come to meanwhile.
 *
 * What is readable and differs was edited since, and stays. A letter that was put back under another name (requeue) in the seconds before
 * the cut, or was not acknowledged, may come back beside: events are hints, and twice is as good as once.
 */
import { readFile } from 'node:fs/promises'
import pLimit from 'p-limit'
import type { House } from './house.ts'
import { JOURNAL, UNSOUND } from './journal.ts'
import { readRecords } from './journal-record.ts'
import { namesIn } from './layout.ts'
import { bootId } from './owner.ts'

/** Safe to repeat, and beside workers. @param folder of the dead desk; letters are written there before they are renamed */
export async function replayJournal(house: House, folder: string): Promise<void> {
  const { disk, layout } = house
  const letters = new Map<string, string>()
  const segments = (await namesIn(folder)).filter((name) => name.startsWith(JOURNAL)).sort()
  let cut = false
  for (const segment of segments) {
    const boot = readRecords(await readFile(`${folder}/${segment}`), letters)
    if (boot === null || boot !== bootId() || segment.endsWith(UNSOUND)) cut = true
  }
  if (letters.size === 0) return
  if (!cut) return disk.syncFileSystem(folder)

  const seats = (await namesIn(layout.processando)).map((seat) => `${layout.processando}/${seat}`)
  const days = (await namesIn(layout.processados)).sort().reverse()
  const ended = [layout.falhas, ...days.map((day) => `${layout.processados}/${day}`)]
  // In the direction in which letters move.
  const find = async (name: string, body: string): Promise<boolean> => {
    if (await makeGood(house, `${layout.processar}/${name}`, body, folder)) return true
    for (const seat of seats) {
      const there = (await namesIn(seat)).find((entry) => entry === name || entry.startsWith(`${name}.`))
      // With a suffix it is being closed, or edited: its parts were fsynced.
      if (there !== undefined && (there !== name || (await makeGood(house, `${seat}/${name}`, body, folder)))) return true
    }
    for (const place of ended) if (await makeGood(house, `${place}/${name}`, body, folder)) return true
    return false
  }
  const some = pLimit(16)
  await Promise.all(
    [...letters].map(([name, body]) =>
      some(async () => {
        // Twice, because one that was just given back may have passed by.
        if ((await find(name, body)) || (await find(name, body))) return
        await disk.replace(`${layout.processar}/${name}`, body, `${folder}/${house.nextId()}`)
      }),
    ),
  )
}

/** @returns false when it is not there */
async function makeGood(house: House, path: string, body: string, folder: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  })
  if (text === null) return false
  // Also what looks right: it may have been read from memory.
  if (text === body || !isJson(text)) await house.disk.replace(path, body, `${folder}/${house.nextId()}`)
  return true
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
