/**
 * Takes over what version 0.2.0 left in `.tmp/desk.*` when it was killed: a journal (`journal.<n>`) of its last webhooks, each acknowledged
 * when it was durable there, while its own file had still no fsync. Such a file may be gone, or empty, and an empty one may have been
 * archived as if it had been delivered. This file can go when nobody comes from 0.2.0 any more.
 */
import { open, readFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import pLimit from 'p-limit'
import { PonteError } from '../../base/error.ts'
import { diskError } from '../../base/files/disk-error.ts'
import { SIDECAR } from '../claim/closing.ts'
import { dropProgress } from '../claim/progress.ts'
import type { House } from '../house.ts'
import { namesIn } from '../layout.ts'

/**
 * Every letter of the journals is looked for, and lies whole and durable in the queue when this resolves; then the folder may be removed.
 * One that is missing, or broken wherever it has come to, waits again. Safe to repeat, and beside workers.
 *
 * @param folder of the dead process; letters are written there before they are renamed
 * @throws PonteError `queue.journal_kept`, `queue.disk_*`: the folder must stay
 */
export async function takeOverJournal(house: House, folder: string): Promise<void> {
  const { disk, layout } = house
  const letters = new Map<string, string>()
  for (const name of (await namesIn(folder)).sort())
    if (name.startsWith('journal.')) readRecords(await readFile(`${folder}/${name}`), letters)

  /** Looked at in the direction in which letters move, and twice: one that is given back meanwhile may pass by. */
  const find = async (name: string): Promise<{ whole: boolean; broken: string[] }> => {
    const broken: string[] = []
    for (let look = 1; look <= 2; look += 1) {
      const seats = (await namesIn(layout.processando)).map((seat) => `${layout.processando}/${seat}`)
      const days = (await namesIn(layout.processados)).map((day) => `${layout.processados}/${day}`)
      for (const place of [layout.processar, ...seats, layout.falhas, ...days]) {
        const state = await stateOf(`${place}/${name}`)
        // With a suffix it is being closed, or edited: its parts were fsynced.
        const inHand = seats.includes(place) && (await namesIn(place)).some((entry) => entry.startsWith(`${name}.`))
        if (state === 'whole' || inHand) {
          await disk.syncDirectory(place)
          return { whole: true, broken }
        }
        if (state === 'broken' && !broken.includes(`${place}/${name}`)) broken.push(`${place}/${name}`)
      }
    }
    return { whole: false, broken }
  }
  const takeOver = async (name: string, body: string): Promise<void> => {
    const { whole, broken } = await find(name)
    if (whole) return
    await dropProgress(layout.progress, name, disk)
    await disk.replace(`${layout.processar}/${name}`, body, `${folder}/${house.nextId()}`)
    if (!(await find(name)).whole) {
      throw new PonteError(
        'queue.journal_kept',
        'a letter of the journal of version 0.2.0 was written and is not found as it was written',
        {
          hint: `check the disk (dmesg), then run any job again: the journal stays in ${layout.tmp}`,
        },
      )
    }
    for (const path of broken)
      if (path !== `${layout.processar}/${name}`) for (const each of [path, path + SIDECAR]) await disk.unlink(each)
  }
  const some = pLimit(16)
  await Promise.all([...letters].map(([name, body]) => some(() => takeOver(name, body))))
}

/** `whole`: JSON, also when it was edited since; fsynced here, because it may so far lie in memory only. */
async function stateOf(path: string): Promise<'whole' | 'broken' | 'absent'> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw diskError('queue', 'read', path, error)
  })
  if (file === null) return 'absent'
  try {
    await file.sync()
    JSON.parse(await file.readFile('utf8'))
    return 'whole'
  } catch (error) {
    if (error instanceof SyntaxError) return 'broken'
    throw diskError('queue', 'read', path, error)
  } finally {
    await file.close()
  }
}

/**
 * `boot <id>\n`, then `keep <name> <bytes> <crc32>\n<body>\n`, or `drop <name>\n` for a letter that was not accepted after all. The first
 * record that is not whole ends a segment: it was being written when the process was stopped, so nobody was told of it.
 * @param letters name -> body of those that the segments before vouch for; this one adds its own, and takes away what was dropped
 */
function readRecords(segment: Buffer, letters: Map<string, string>): void {
  for (let at = 0; at < segment.length; ) {
    const end = segment.indexOf('\n', at)
    if (end === -1) return
    const line = segment.toString('latin1', at, end)
    at = end + 1
    const [, gone] = /^drop (\S+)$/.exec(line) ?? []
    const [, name, length, sum] = /^keep (\S+) (\d+) ([0-9a-f]{8})$/.exec(line) ?? []
    if (gone !== undefined) letters.delete(gone)
    else if (name !== undefined) {
      const body = segment.subarray(at, at + Number(length))
      if (crc32(body, crc32(name)).toString(16).padStart(8, '0') !== sum) return
      letters.set(name, body.toString('utf8'))
      at += body.length + 1
    } else if (!line.startsWith('boot ')) return
  }
}
