/** How full Oracle's tablespaces are. */
import { readFile } from 'node:fs/promises'
import { splitStatements } from '../../../oracle/statements.ts'
import type { Tablespace } from '../../erp.ts'
import type { Ask } from './rows.ts'

const script = new URL('../../../../sql/oracle/tablespaces.sql', import.meta.url)

/** Asks the query of sql/oracle/tablespaces.sql. @throws PonteError `erp.*`; without the grant that the file names, too */
export async function readTablespaces(ask: Ask): Promise<Tablespace[]> {
  const [sql] = splitStatements(await readFile(script, 'utf8'))
  const rows = await ask<{ TABLESPACE_NAME: string; USED_PERCENT: string | null }>(sql!)
  return rows.map((row) => ({ name: row.TABLESPACE_NAME, usedPercent: Number(row.USED_PERCENT ?? 0) }))
}
