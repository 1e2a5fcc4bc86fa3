/** A page of falhas by the names alone: a hundred thousand refused letters are listed without reading one. */
import { stat } from 'node:fs/promises'
import { type Arrival, oldestIn } from '../claim/arrivals.ts'
import type { House } from '../house.ts'
import type { Lane } from '../lane.types.ts'
import { filesIn } from '../letter/files-in.ts'
import { type ParsedName, parseName, UNKNOWN_PREFIX } from '../letter/name.ts'
import { isBody } from './dead-letters.ts'

/** Not as they are delivered: by what a mark between two pages says, so that pages of both lanes can be merged. */
const inOrder = (a: Arrival, b: Arrival): number => a.arrivedAt - b.arrivedAt || (a.parsed.file < b.parsed.file ? -1 : 1)

/** See `Lane.deadNames`. */
export async function deadNames(house: House, options: Parameters<Lane['deadNames']>[0]): ReturnType<Lane['deadNames']> {
  const { prefixes, arrivedBefore = Number.POSITIVE_INFINITY, after, limit } = options
  const { falhas } = house.layout
  const parse = (file: string): ParsedName =>
    parseName(file, house.prefixes) ?? { file, prefix: UNKNOWN_PREFIX, form: 'foreign', arrivedAt: null, sequence: '', slug: '' }
  const isBehind = ({ parsed, arrivedAt }: Arrival): boolean =>
    after === undefined || arrivedAt > after.arrivedAt || (arrivedAt === after.arrivedAt && parsed.file > after.file)
  let matching = 0
  const look = async (name: string): Promise<Arrival | null> => {
    if (!isBody(name)) return null
    const parsed = parse(name)
    if (prefixes !== undefined && !prefixes.includes(parsed.prefix)) return null
    const arrivedAt = parsed.arrivedAt ?? (await stat(`${falhas}/${name}`).catch(() => null))?.mtimeMs
    if (arrivedAt === undefined || arrivedAt >= arrivedBefore) return null
    matching += 1
    const arrival = { parsed, arrivedAt: Math.trunc(arrivedAt) }
    return isBehind(arrival) ? arrival : null
  }
  const { arrivals } = await oldestIn(filesIn(house, falhas), limit, look, inOrder)
  return { names: arrivals.map(({ parsed, arrivedAt }) => ({ file: parsed.file, prefix: parsed.prefix, arrivedAt })), matching }
}
