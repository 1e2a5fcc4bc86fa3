/** processar in order of arrival, without holding a million names. */
import { stat } from 'node:fs/promises'
import type { House } from '../house.ts'
import { filesIn } from '../letter/files-in.ts'
import { endsHalf } from '../letter/letter-lines.ts'
import { type ParsedName, parseName } from '../letter/name.ts'

export interface Arrival {
  readonly parsed: ParsedName
  /** From the name, else the mtime. */
  readonly arrivedAt: number
}

/** Time of arrival, then the sequence in the name (numbers have no more zeros in front than four digits need: longer is later), then the name. */
export function compareArrivals(a: Arrival, b: Arrival): number {
  return (
    a.arrivedAt - b.arrivedAt ||
    a.parsed.sequence.length - b.parsed.sequence.length ||
    compareText(a.parsed.sequence, b.parsed.sequence) ||
    compareText(a.parsed.file, b.parsed.file)
  )
}

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/**
 * The oldest letters of processar that `wanted` accepts, oldest first.
 *
 * @param passBy told of each that is perhaps still being written
 * @returns at most `windowSize`; `complete` false when there were more
 */
export function oldestArrivals(
  house: House,
  wanted: (parsed: ParsedName) => boolean,
  passBy: (file: string) => void,
): Promise<{ arrivals: Arrival[]; complete: boolean }> {
  return oldestIn(filesIn(house, house.layout.processar), house.windowSize, async (name) => {
    const parsed = parseName(name, house.prefixes)
    if (parsed === null || !wanted(parsed)) return null
    const arrivedAt = await arrivalOf(house, parsed)
    if (arrivedAt !== null) return { parsed, arrivedAt }
    passBy(name)
    return null
  })
}

/** The `limit` oldest of the files for which `look` gives an arrival. Memory is bounded by `limit`, not by the folder. */
export async function oldestIn(
  files: AsyncIterable<string>,
  limit: number,
  look: (name: string) => Promise<Arrival | null>,
  compare: (a: Arrival, b: Arrival) => number = compareArrivals,
): Promise<{ arrivals: Arrival[]; complete: boolean }> {
  let arrivals: Arrival[] = []
  let complete = true
  /** The newest that still has a place. */
  let last: Arrival | null = null
  const cut = () => {
    arrivals.sort(compare)
    if (arrivals.length > limit) complete = false
    arrivals = arrivals.slice(0, limit)
    if (!complete) last = arrivals[limit - 1] ?? null
  }
  for await (const name of files) {
    const arrival = await look(name)
    if (arrival === null || (last !== null && compare(arrival, last) > 0)) continue
    arrivals.push(arrival)
    if (arrivals.length >= 2 * limit) cut()
  }
  cut()
  return { arrivals, complete }
}

/** A file that ends in the middle of a line is given so many times `settleMs`. */
const halfWaits = 30

/**
 * null: gone, or perhaps still being written (a name that is not ours says nothing about a finished rename): it changed within
 * `settleMs`, or within a minute and ends in the middle of a line.
 */
export async function arrivalOf(house: House, parsed: ParsedName): Promise<number | null> {
  if (parsed.form === 'bulk' || parsed.form === 'single') return parsed.arrivedAt
  const path = `${house.layout.processar}/${parsed.file}`
  const info = await stat(path).catch(() => null)
  if (info === null) return null
  const age = Math.abs(Date.now() - info.mtimeMs)
  if (age < house.settleMs || (age < halfWaits * house.settleMs && (await endsHalf(path).catch(() => false)))) return null
  return parsed.arrivedAt ?? Math.trunc(info.mtimeMs)
}
