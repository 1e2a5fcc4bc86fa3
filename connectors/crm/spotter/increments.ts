import { compareTimes } from './odata.ts'
import { type Page, stuck } from './paging.ts'

interface Dated {
  readonly id: number
  readonly updateDate: string
}

export interface Increments<T> {
  /** Rows with `updateDate` at or after `from`, ordered by updateDate and id, without the first `skip`. */
  readonly fetch: (from: string, skip: number) => Promise<Page<T>>
  /** The whole list in any order: the way out for a CRM that ignores the filter or the order. */
  readonly everything: () => AsyncIterable<readonly T[]>
  readonly pageSize: number
  readonly what: string
}

const patience = 10

/**
 * Rows changed since a moment, oldest change first. A row that changes while we read moves to the end of the list, so
 * counting with `$skip` would jump over its neighbours; instead each page asks from the last time seen, and what came before
 * is dropped. Only rows of one and the same time are counted through, in half pages. A row that changed again comes again.
 *
 * @param since ISO time
 * @throws PonteError `crm.paging_stuck`
 */
export async function* increments<T extends Dated>(since: string, list: Increments<T>): AsyncGenerator<readonly T[]> {
  const seen = new Map<number, string>()
  let from = since
  let skip = 0
  for (let fruitless = 0; fruitless < patience; ) {
    const { rows, next } = await list.fetch(from, skip)
    if (!isAsAsked(rows, from)) {
      yield* sifted(since, list, seen)
      return
    }
    const fresh = rows.filter((row) => seen.get(row.id) !== row.updateDate)
    for (const row of fresh) seen.set(row.id, row.updateDate)
    if (fresh.length > 0) yield fresh
    const last = rows[rows.length - 1]
    if (last === undefined || (next === null && rows.length < list.pageSize)) return
    fruitless = fresh.length > 0 ? 0 : fruitless + 1
    if (last.updateDate === from) skip += Math.max(1, Math.floor(rows.length / 2))
    else {
      from = last.updateDate
      skip = 0
    }
  }
  throw stuck(list.what, seen.size)
}

function isAsAsked(rows: readonly Dated[], from: string): boolean {
  let before = from
  return rows.every((row) => {
    const inOrder = compareTimes(row.updateDate, before) >= 0
    before = row.updateDate
    return inOrder
  })
}

/** Filter and order done here, over the whole list. */
async function* sifted<T extends Dated>(
  since: string,
  list: Increments<T>,
  seen: ReadonlyMap<number, string>,
): AsyncGenerator<readonly T[]> {
  const kept: T[] = []
  for await (const rows of list.everything()) {
    // A row without a readable time may be new: better once too often.
    kept.push(...rows.filter((row) => !(compareTimes(row.updateDate, since) < 0) && seen.get(row.id) !== row.updateDate))
  }
  kept.sort((a, b) => compareTimes(a.updateDate, b.updateDate) || a.id - b.id)
  for (let start = 0; start < kept.length; start += list.pageSize) yield kept.slice(start, start + list.pageSize)
}
