/** Values of the contract, whatever the dialect: text or null, canonical names, whole numbers exact. */
import { PonteError } from '../../base/error.ts'
import type { Row } from '../../engine/model.ts'

/** A row under canonical names; the empty string is null. */
export function upperKeys(row: object): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toUpperCase(), value === null ? null : String(value) || null]))
}

/** An id as a number that is exact: text beside a numeric column would be compared as a double. null stays null. @throws PonteError `erp.value_refused` */
export function whole(id: string | null): bigint | null {
  if (id === null) return null
  if (/^-?\d{1,18}$/.test(id)) return BigInt(id)
  throw new PonteError('erp.value_refused', 'an id is not a whole number', { hint: 'compare the line with the column it goes to' })
}
