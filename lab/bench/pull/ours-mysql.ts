/** Our pull from a MariaDB: the extract's connections, the relay, reader threads, frames that arrive here and are dropped. */
import { mysqlErp } from '../../../connectors/erp/dialects/mysql/erp.ts'
import { Readers } from '../../../engine/local/pull.ts'
import { columns, measure, task } from './leads.ts'

const { url, readers } = task()
const erp = mysqlErp({ url })
const pool = new Readers(readers)
const extract = await erp.openExtract(readers)
const source = await extract.source('known_leads', columns)
await measure(async () => {
  let count = 0
  const onFrame = (frame: { rows: number }) => {
    count += frame.rows
  }
  await pool.pull([{ source, onFrame }], new AbortController().signal)
  return count
})
await extract.close()
await pool.close()
await erp.close()
