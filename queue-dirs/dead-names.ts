/** A page of falhas by the names alone: a hundred thousand refused letters are listed without reading one. */
import { stat } from 'node:fs/promises'
import { type Arrival, compareArrivals, oldestIn } from './arrivals.ts'
import { isBody } from './dead-letters.ts'
import type { House } from './house.ts'
import type { Lane } from './lane.types.ts'
import { type ParsedName, parseName, UNKNOWN_PREFIX } from './name.ts'

/** See `Lane.deadNames`. */
export async function deadNames(house: House, options: Parameters<Lane['deadNames']>[0]): ReturnType<Lane['deadNames']> {
  const { prefixes, arrivedBefore = Number.POSITIVE_INFINITY, after, limit } = options
  const { falhas } = house.layout
  const parse = (file: string): ParsedName =>
    parseName(file, house.prefixes) ?? { file, prefix: UNKNOWN_PREFIX, form: 'foreign', arrivedAt: null, sequence: '', slug: '' }
  const mark: Arrival | null = after === undefined ? null : { parsed: parse(after.file), arrivedAt: after.arrivedAt }
  let matching = 0
  const { arrivals } = await oldestIn(falhas, limit, async (name) => {
    if (!isBody(name)) return null
    const parsed = parse(name)
    if (prefixes !== undefined && !prefixes.includes(parsed.prefix)) return null
    const arrivedAt = parsed.arrivedAt ?? (await stat(`${falhas}/${name}`).catch(() => null))?.mtimeMs
    if (arrivedAt === undefined || arrivedAt >= arrivedBefore) return null
    matching += 1
    const arrival = { parsed, arrivedAt: Math.trunc(arrivedAt) }
    return mark !== null && compareArrivals(arrival, mark) <= 0 ? null : arrival
  })
  return { names: arrivals.map(({ parsed, arrivedAt }) => ({ file: parsed.file, prefix: parsed.prefix, arrivedAt })), matching }
}
