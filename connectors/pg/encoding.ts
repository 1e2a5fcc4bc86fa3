/** What a PostgreSQL database must be able to hold, asked before anything is put into it. */
import type pg from 'pg'
import { PonteError } from '../../base/error.ts'

/**
 * Refuses a database in another encoding than UTF8: LATIN1 has no room for most of what people write in a CRM, and SQL_ASCII takes bytes for
 * letters, so that lengths and comparisons are wrong.
 * @throws PonteError `pg.encoding`
 */
export async function refuseEncoding(client: Pick<pg.Pool, 'query'>): Promise<void> {
  const { rows } = await client.query<{ encoding: string }>('select getdatabaseencoding() as encoding')
  if (rows[0]!.encoding !== 'UTF8') throw unfit(`its encoding is ${rows[0]!.encoding}, not UTF8`)
}

/**
 * The same for the ERP, whose views also turn names into title case: under lc_ctype C only ASCII has capitals, and LUÍS becomes LuÍS.
 * @throws PonteError `pg.encoding`
 */
export async function refuseLetters(client: Pick<pg.Pool, 'query'>): Promise<void> {
  await refuseEncoding(client)
  const { rows } = await client.query<{ name: string }>("select initcap(U&'LU\\00CDS') as name")
  if (rows[0]!.name !== 'Lu\u00eds') throw unfit('its locale (lc_ctype) knows no capitals beyond ASCII')
}

function unfit(what: string): PonteError {
  return new PonteError('pg.encoding', `the database cannot hold what Ponte writes into it: ${what}`, {
    hint: "have it made anew: create database ... template template0 encoding 'UTF8' locale 'C.UTF-8' (or pt_BR.UTF-8), and take its data over with pg_dump",
    exitCode: 2,
  })
}
