/**
 * A journal makes many letters durable with one fdatasync. Each letter is appended here before it is renamed into processar, and its
 * own file is left to the kernel until a checkpoint, one sync of the whole file system, has put it on the disk; then the part of the
 * journal that held it is removed. A power cut in between takes files away that `replay.ts` makes again from here.
 *
 *   append + fdatasync -> rename -> acknowledged -> ... -> checkpoint: syncfs -> segment removed
 *
 * A segment (`journal.<n>`, a chain of records) ends at 8 MiB, after ten seconds, or when writing to it failed: what may hold half a
 * record is never appended to, and an fsync that failed is never repeated. A checkpoint that fails leaves its segments, named `.unsound`: letters
 * go to another desk from then on, and `recover` writes those of this one again.
 */
import type { Disk, GrowingFile } from '../base/atomic-file.ts'
import type { Durability } from './durability.ts'
import { booted, dropped, kept } from './journal-record.ts'
import { bootId } from './owner.ts'

export const JOURNAL = 'journal.'
export const UNSOUND = '.unsound'
const LIMITS = { bytes: 8 * 1024 * 1024, ms: 10_000 }

interface Segment {
  readonly path: string
  readonly file: GrowingFile
  bytes: number
  /** Too old, or it may hold half a record: nothing more is appended. */
  over: boolean
  /** Letters that are durable here and not yet renamed, or removed. */
  open: number
}

interface Waiting {
  readonly bytes: Buffer
  readonly resolve: (segment: Segment) => void
  readonly reject: (error: unknown) => void
}

/**
 * @param folder the desk's, where the segments go
 * @returns null where the system has no `sync -f`
 */
export async function openJournal(disk: Disk, folder: string, limits = LIMITS): Promise<Durability | null> {
  const possible = await disk.syncFileSystem(folder).then(
    () => true,
    () => false,
  )
  return possible ? createJournal(disk, folder, limits) : null
}

function createJournal(disk: Disk, folder: string, limits: typeof LIMITS): Durability {
  let waiting: Waiting[] = []
  let segment: Segment | null = null
  let ended: Segment[] = []
  let working: Promise<void> | null = null
  let checking: Promise<void> | null = null
  let count = 0
  let sound = true

  const begin = async (): Promise<Segment> => {
    const path = `${folder}/${JOURNAL}${String(++count).padStart(6, '0')}`
    const begun: Segment = { path, file: await disk.create(path), bytes: 0, over: false, open: 0 }
    try {
      // Its name must outlive a power cut as its records do.
      await disk.syncDirectory(folder)
      await begun.file.append(booted(bootId() ?? ''))
    } catch (error) {
      await end(begun)
      throw error
    }
    setTimeout(() => {
      begun.over = true
      work()
    }, limits.ms).unref()
    return begun
  }
  const end = async (last: Segment): Promise<void> => {
    segment = null
    ended.push(last)
    await last.file.close().catch(() => undefined)
    void checkpoint()
  }
  /** Group commit: what comes while one batch is being synced is the next. */
  const writeBatch = async (): Promise<void> => {
    const batch = waiting
    waiting = []
    try {
      segment ??= await begin()
      const into = segment
      const bytes = Buffer.concat(batch.map((one) => one.bytes))
      await into.file.append(bytes)
      await into.file.sync()
      into.bytes += bytes.length
      into.open += batch.length
      for (const { resolve } of batch) resolve(into)
    } catch (error) {
      if (segment) segment.over = true
      for (const { reject } of batch) reject(error)
    }
  }
  const isOver = () => segment !== null && (segment.over || segment.bytes >= limits.bytes)
  /** The only one who touches the segment that is written to. */
  const work = (): Promise<void> => {
    working ??= (async () => {
      // The letters of this turn of the event loop go together.
      await new Promise(setImmediate)
      while (isOver() || waiting.length > 0) await (isOver() ? end(segment!) : writeBatch())
    })().finally(() => {
      working = null
    })
    return working
  }
  const append = (bytes: Buffer): Promise<Segment> =>
    new Promise((resolve, reject) => {
      waiting.push({ bytes, resolve, reject })
      void work()
    })
  /** Removes ended segments whose letters all lie where they belong, once these are on the disk. */
  const checkpoint = (): Promise<void> => {
    checking ??= (async () => {
      const covered = ended.filter(({ open }) => open === 0)
      if (covered.length === 0 || !sound) return
      try {
        await disk.syncFileSystem(folder)
        for (const { path } of covered) await disk.unlink(path)
        ended = ended.filter((one) => !covered.includes(one))
      } catch {
        sound = false
        for (const { path } of covered) await disk.rename(path, path + UNSOUND).catch(() => undefined)
      }
    })().finally(() => {
      checking = null
    })
    return checking
  }
  const settle = (into: Segment): void => {
    into.open -= 1
    if (into.open === 0 && ended.includes(into)) void checkpoint()
  }

  return {
    async write(path, name, body) {
      await disk.writeLoose(path, body)
      const into = await append(kept(name, body)).catch(async (error) => {
        await disk.unlink(path).catch(() => undefined)
        throw error
      })
      return {
        published: async () => settle(into),
        dropped: () => {
          // Nobody waits for it: at worst a power cut brings back a letter that was not wanted.
          append(dropped(name)).then(settle, () => undefined)
          settle(into)
        },
      }
    },
    sound: () => sound,
    async close() {
      if (segment) segment.over = true
      await work()
      await checking
      await checkpoint()
      return ended.length === 0
    },
  }
}
