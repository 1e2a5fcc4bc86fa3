/** Our pull from an Oracle: reader threads, frames that arrive here and are dropped. */

import type { RangeBounds } from '../../../connectors/erp/dialects/oracle/range.ts'
import type { RangeSettings } from '../../../connectors/erp/dialects/oracle/reader.ts'
import { Readers } from '../../../engine/local/pull.ts'
import { columns, measure, STEP_ROWS, task } from './leads.ts'

const { url, readers, rows } = task()
const settings: RangeSettings = {
  connection: { url },
  view: 'known_leads',
  scn: '1',
  expressions: columns.map((name) => name.toLowerCase()),
}
const steps = Math.ceil(rows / readers / STEP_ROWS)
const ranges: RangeBounds[] = Array.from({ length: readers }, () => ({ bounds: Array.from({ length: steps + 1 }, (_, at) => String(at)) }))
const module = new URL('../../../connectors/erp/dialects/oracle/reader.ts', import.meta.url).href
const pool = new Readers(readers)
await measure(async () => {
  let count = 0
  const onFrame = (frame: { rows: number }) => {
    count += frame.rows
  }
  await pool.pull([{ source: { module, settings, ranges }, onFrame }], new AbortController().signal)
  return count
})
await pool.close()
