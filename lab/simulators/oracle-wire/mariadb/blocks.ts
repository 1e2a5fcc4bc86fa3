/** PL/SQL blocks: binds are user variables, set before and read after. */
import type { Call, Done } from '../backend.ts'
import { OracleError } from '../oracle-error.ts'
import type { Value } from '../wire/types.ts'
import type { Link } from './link.ts'
import { type Flashback, literal, withVariables } from './translate.ts'

/** MariaDB's number for a SELECT INTO or FETCH that found no row, as it stands in its warnings. */
const NO_DATA = '1329'

/**
 * Runs a block for each row of binds. One that fails is undone as a whole, which MariaDB does for its last statement only:
 * hence the savepoint. Throws OracleError, or MariaDB's error.
 */
export async function runBlock(link: Link, { statement, binds, rows, executions }: Call, flashback: Flashback): Promise<Done> {
  const sql = withVariables(statement, flashback)
  const names = binds.map((_, at) => `@b${at}`)
  const outBinds: Value[][] = []
  for (let n = 0; n < executions; n += 1) {
    const values = binds.map((bind, at) => `${names[at]} = ${literal(bind, (rows[n]?.[at] ?? null) as Value)}`)
    if (values.length > 0) await link.run(`set ${values.join(', ')}`)
    await link.run('savepoint ponte_block')
    try {
      const { warningStatus } = await link.run(sql)
      if (warningStatus > 0 && (await foundNothing(link))) throw new OracleError(1403, 'no data found')
    } catch (error) {
      // A block that committed has no savepoint any more.
      await link.run('rollback to savepoint ponte_block').catch(() => {})
      throw error
    }
    if (names.length > 0) outBinds.push(...(await link.all(`select ${names.join(', ')}`)))
  }
  return { rowsAffected: 0, outBinds }
}

/** A SELECT INTO without a row that nobody handled: MariaDB only warns and goes on. */
async function foundNothing(link: Link): Promise<boolean> {
  const warnings = await link.all('show warnings')
  return warnings.some((warning) => String(warning[1]) === NO_DATA)
}
