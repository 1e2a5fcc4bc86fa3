/** Changes with their rows of binds: one by one, inserts by the hundred, and those that give values back. */
import type { BindValue, Call, Done } from '../backend.ts'
import { OracleError } from '../oracle-error.ts'
import { asOracleError } from './errors.ts'
import type { Link } from './link.ts'
import { type Flashback, hasSeveralLists, splitInsert, withValues } from './translate.ts'

/** Rows of an insert that go as one statement. */
const TOGETHER = 500
/** After it there is no transaction any more in which the other rows could stand. */
export const DEADLOCK = 60

/**
 * Runs a change for each row of binds. With `batchErrors` bad rows are reported, else the first one ends the call; the
 * rows before it stand. Throws OracleError, or MariaDB's error.
 */
export async function change(link: Link, call: Call, flashback: Flashback): Promise<Done> {
  const { statement, binds, rows, executions, batchErrors, signal } = call
  if (hasSeveralLists(statement.sql)) throw new OracleError(933, 'SQL command not properly ended')
  const textOf = (row: readonly BindValue[] = []) => withValues(statement, binds, row, flashback)
  if (binds.some(({ returned }) => returned)) return await changeReturning(link, textOf(rows[0]))
  const rowCounts: number[] = []
  const failed: { row: number; error: OracleError }[] = []
  const one = async (row: number): Promise<number> => {
    // KILL QUERY ends one statement; the rest has to be left out here.
    if (signal.aborted) throw new OracleError(1013, 'user requested cancel of current operation')
    try {
      return (await link.run(textOf(rows[row]))).affectedRows
    } catch (cause) {
      const error = asOracleError(cause)
      if (!batchErrors || signal.aborted || error.number === DEADLOCK) throw error
      failed.push({ row, error })
      return 0
    }
  }
  const insert = rows.length > 1 ? splitInsert(statement) : null
  for (let from = 0; from < executions; from += TOGETHER) {
    const until = Math.min(from + TOGETHER, executions)
    const together = insert && (await insertTogether(link, insert, rows.slice(from, until).map(textOf)))
    for (let row = from; row < until; row += 1) rowCounts.push(together ? 1 : await one(row))
  }
  return { rowsAffected: rowCounts.reduce((sum, count) => sum + count, 0), rowCounts, batchErrors: failed }
}

/** False: one of them is bad, nothing was inserted, and they have to go one by one. */
async function insertTogether(link: Link, { head, offset }: { head: string; offset: number }, texts: readonly string[]): Promise<boolean> {
  return await link.run(head + texts.map((text) => text.slice(offset)).join(',')).then(
    () => true,
    () => false,
  )
}

/** MariaDB gives the values back as a result; the binds behind INTO are left out of its text. */
async function changeReturning(link: Link, text: string): Promise<Done> {
  const rows = await link.all(text.replace(/\binto[\s,]*$/i, ''))
  // Only an answer without rows says whether a transaction is open.
  await link.run('do 0')
  const lists = Array.from({ length: rows[0]?.length ?? 0 }, (_, at) => rows.map((row) => row[at] ?? null))
  return { rowsAffected: rows.length, returned: [lists] }
}
