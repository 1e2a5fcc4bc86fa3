import { createHash } from 'node:crypto'

/**
 * Up to `count` rows that look picked at random and follow from the seed and their CRM ids alone. Chosen here and not in SQL, so that
 * every dialect picks the same.
 */
export function chosen<Row extends { readonly id_crm: string }>(
  rows: readonly Row[],
  { count, seed }: { readonly count: number; readonly seed: number },
): Row[] {
  const ranked = rows.map((row) => ({ row, rank: createHash('md5').update(`${row.id_crm}-${seed}`).digest('hex') }))
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : Number(a.row.id_crm) - Number(b.row.id_crm)))
  return ranked.slice(0, count).map(({ row }) => row)
}
