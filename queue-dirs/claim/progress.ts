/**
 * Outcomes of a letter's lines: `.progress/<letter>.<generation>`, append-only, one checked line each.
 *
 * Every claim that has something to record opens a generation of its own, so a woken worker and its successor never write
 * into one file, nobody appends behind a torn tail, and a file whose fsync failed is left for a new one. Reading takes all
 * generations; the first outcome of a line holds, until it is reopened.
 */
import { readFile } from 'node:fs/promises'
import type { Disk, GrowingFile } from '../../base/files/atomic-file.ts'
import type { House } from '../house.ts'
import type { LineOutcome } from '../lane.types.ts'
import { exists } from '../layout.ts'
import { parseChecked, printChecked } from '../letter/checked-lines.ts'

interface Entry {
  readonly line: number
  /** null: none any more, the line's text has changed. */
  readonly outcome: LineOutcome | null
}

export interface Progress {
  /** What is known to be on disk. */
  readonly outcomes: ReadonlyMap<number, LineOutcome>
  /** Resolves after fsync; calls that wait together share one. Rejected: not acknowledged (it may still have reached the disk). */
  append(line: number, outcome: LineOutcome): Promise<void>
  /** Lines that are to be given out again after all; as durable as `append`. */
  reopen(lines: readonly number[]): Promise<void>
  /** Waits for what was appended, then closes the file. */
  close(): Promise<void>
}

const path = (folder: string, letter: string, generation: number) => `${folder}/${letter}.${generation}`

/** @param folder the lane's `.progress` @param letter file name of the letter */
export async function openProgress(folder: string, letter: string, disk: Disk): Promise<Progress> {
  const outcomes = new Map<number, LineOutcome>()
  const keep = ({ line, outcome }: Entry) => {
    if (outcome === null) outcomes.delete(line)
    else if (!outcomes.has(line)) outcomes.set(line, outcome)
  }
  let generation = 1
  for (; ; generation += 1) {
    const text = await readIfThere(path(folder, letter, generation))
    if (text === null) break
    for (const entry of parseChecked<Entry>(text)) keep(entry)
  }

  let file: GrowingFile | null = null
  let waiting: { entry: Entry; resolve: () => void; reject: (error: unknown) => void }[] = []
  let flushing: Promise<void> | null = null

  const open = async (): Promise<GrowingFile> => {
    for (; ; generation += 1) {
      try {
        return await disk.create(path(folder, letter, generation))
      } catch (error) {
        if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code !== 'EEXIST') throw error
      }
    }
  }
  const write = async (entries: readonly Entry[]): Promise<void> => {
    if (file !== null) {
      await file.append(entries.map(printChecked).join(''))
      return file.sync()
    }
    file = await open()
    // All that is known once more: a former generation may be the one whose disk failed.
    const known = [...outcomes].map(([line, outcome]) => ({ line, outcome }))
    await file.append([...known, ...entries].map(printChecked).join(''))
    await file.sync()
    await disk.syncDirectory(folder)
  }
  const flush = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      try {
        await write(batch.map(({ entry }) => entry))
        for (const { entry, resolve } of batch) {
          keep(entry)
          resolve()
        }
      } catch (error) {
        await file?.close().catch(() => undefined)
        if (file !== null) generation += 1
        file = null
        for (const { reject } of batch) reject(error)
      }
    }
    flushing = null
  }

  const put = (line: number, outcome: Entry['outcome']) =>
    new Promise<void>((resolve, reject) => {
      waiting.push({ entry: { line, outcome }, resolve, reject })
      flushing ??= flush()
    })

  return {
    outcomes,
    append: put,
    reopen: async (lines) => void (await Promise.all(lines.map((line) => put(line, null)))),
    async close() {
      await flushing
      await file?.close()
      file = null
    },
  }
}

/** Last generation first, so that a crash in between leaves no gap that hides the later ones. */
export async function dropProgress(folder: string, letter: string, disk: Disk): Promise<void> {
  let last = 1
  while (await exists(path(folder, letter, last))) last += 1
  for (let generation = last - 1; generation >= 1; generation -= 1) await disk.unlink(path(folder, letter, generation))
}

/**
 * Lines of a letter that waits are no more: what is known of them is that they ended. Each generation is replaced; whoever takes the letter
 * meanwhile opens a new one.
 */
export async function forgetOutcomes(
  house: Pick<House, 'layout' | 'disk' | 'nextId'>,
  letter: string,
  lines: ReadonlySet<number>,
): Promise<void> {
  const { layout, disk } = house
  for (let generation = 1; ; generation += 1) {
    const file = path(layout.progress, letter, generation)
    const text = await readIfThere(file)
    if (text === null) return
    const entries = parseChecked<Entry>(text)
    if (!entries.some(({ line }) => lines.has(line))) continue
    const kept = entries.map((entry): Entry => (lines.has(entry.line) ? { line: entry.line, outcome: { kind: 'done' } } : entry))
    await disk.replace(file, kept.map(printChecked).join(''), `${layout.tmp}/progress.${house.nextId()}`)
  }
}

/** The letter that a file in `.progress` belongs to. */
export const letterOfProgress = (file: string): string => file.replace(/\.\d+$/, '')

async function readIfThere(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
}
