import { PonteError } from '../../../base/error.ts'

export interface Page<T> {
  readonly rows: readonly T[]
  /** The query of `@odata.nextLink`, with its `?`; null when the CRM names no next page. */
  readonly next: string | null
}

export interface Paging<T> {
  /** Fetches the page that starts at row `skip`, ordered by id; or exactly `link` when the CRM gave an opaque one. */
  readonly fetch: (at: { skip: number } | { link: string }) => Promise<Page<T>>
  readonly pageSize: number
  /** Named in errors. */
  readonly what: string
}

/** Pages in a row without a new row, from which on we call it a loop. */
const patience = 10

/**
 * Reads a whole list, though it changes while it is read: every row that is there from start to end comes exactly once.
 *
 * Rows come ordered by id, so new rows only appear at the end. A deletion moves later rows forward, and plain `$skip` would
 * jump over as many; therefore each page starts with the last row of the one before, and when that row is not there, we step
 * back. A CRM that ignores `$orderby` gets plain `$skip`, doubles removed. An opaque `$skiptoken` is followed as it is.
 *
 * @throws PonteError `crm.paging_stuck` when pages keep coming without a new row: ending quietly would pass a short list for
 *   a whole one
 */
export async function* pages<T extends { readonly id: number }>(paging: Paging<T>): AsyncGenerator<readonly T[]> {
  const seen = new Set<number>()
  let ordered = true
  let last = Number.NEGATIVE_INFINITY
  let skip = 0
  let link: string | null = null
  let fruitless = 0

  for (;;) {
    const page: Page<T> = await paging.fetch(link === null ? { skip } : { link })
    const { rows } = page
    ordered &&= isAscending(rows)
    const fresh = rows.filter((row) => !seen.has(row.id))
    const first = rows[0]
    // The row we stand on moved forward: rows between it and this page's first would be lost.
    const drifted = link === null && ordered && skip > 0 && (first === undefined || first.id > last)
    if (drifted) {
      skip = Math.max(0, skip - paging.pageSize)
    } else {
      for (const row of fresh) seen.add(row.id)
      if (fresh.length > 0) yield fresh
      const isLast = page.next === null && rows.length < paging.pageSize
      if (isLast || (rows.length === 0 && link === null)) return
      last = Math.max(last, rows[rows.length - 1]?.id ?? last)
      link = page.next !== null && isOpaque(page.next) ? page.next : null
      skip += ordered ? Math.max(1, rows.length - 1) : rows.length
    }
    fruitless = fresh.length > 0 && !drifted ? 0 : fruitless + 1
    if (fruitless >= patience) throw stuck(paging.what, seen.size)
  }
}

function isAscending(rows: readonly { readonly id: number }[]): boolean {
  return rows.every((row, index) => index === 0 || (rows[index - 1]?.id ?? row.id) < row.id)
}

/** A link that only counts rows says where we stand less exactly than we know it. */
function isOpaque(link: string): boolean {
  return /[?&](\$|%24)skiptoken=/i.test(link)
}

/** @returns the error for a list that does not advance */
export function stuck(what: string, rows: number): PonteError {
  return new PonteError('crm.paging_stuck', `${what}: the CRM keeps answering with rows it already gave (${rows} so far)`, {
    hint: 'the CRM or a proxy ignores $skip; nothing was used from this list, report it',
  })
}
