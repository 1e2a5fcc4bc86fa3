/** The floor on MySQL: a bare stream loop of mysql2 per reader that drops its rows, each in a thread of its own. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import mysql from 'mysql2'
import { columns, measure, type Task, task, threads } from './leads.ts'

if (isMainThread) {
  const given = task()
  const pulling = threads(
    import.meta.url,
    Array.from({ length: given.readers }, (_, at) => ({ given, at })),
  )
  await measure(pulling.pull)
  await pulling.end()
} else {
  const { given, at } = workerData as { given: Task; at: number }
  const share = given.rows / given.readers
  parentPort!.on('message', async () => {
    const connection = mysql.createConnection({ uri: given.url, supportBigNumbers: true, bigNumberStrings: true, dateStrings: true })
    const sql = `select ${columns.join(', ').toLowerCase()} from known_leads where range_key > ${share * at} and range_key <= ${share * (at + 1)}`
    let rows = 0
    for await (const _ of connection.query({ sql, rowsAsArray: true }).stream({ highWaterMark: 1_000 })) rows += 1
    connection.end()
    parentPort!.postMessage(rows)
  })
}
