/** The floor on Oracle: a bare getRows loop per reader that drops its rows, each in a thread of its own. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import oracledb from 'oracledb'
import { exact } from '../../../connectors/erp/dialects/oracle/connection.ts'
import { addressOf } from '../../../connectors/erp/dialects/oracle/settings.ts'
import { columns, measure, task, threads } from './leads.ts'

const PAGE = 1_000

if (isMainThread) {
  const { url, readers } = task()
  const pulling = threads(
    import.meta.url,
    Array.from({ length: readers }, () => url),
  )
  await measure(pulling.pull)
  await pulling.end()
} else {
  const url = workerData as string
  parentPort!.on('message', async () => {
    const connection = await oracledb.getConnection(addressOf(url).attributes)
    const { resultSet } = await connection.execute(`select ${columns.join(', ')} from bare_leads`, [], {
      resultSet: true,
      fetchTypeHandler: exact,
      fetchArraySize: PAGE,
      prefetchRows: PAGE,
    })
    let rows = 0
    for (let page = await resultSet!.getRows(PAGE); page.length > 0; page = await resultSet!.getRows(PAGE)) rows += page.length
    await connection.close()
    parentPort!.postMessage(rows)
  })
}
