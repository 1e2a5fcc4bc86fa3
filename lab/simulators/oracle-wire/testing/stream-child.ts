/** Reads one statement to its end with the real driver, and says how many rows came and how much memory that took. */
import oracledb from 'oracledb'
import { credentials, exact } from './driver.ts'

const { connectString, sql, page } = JSON.parse(process.argv[2] ?? '{}') as { connectString: string; sql: string; page: number }
const connection = await oracledb.getConnection({ ...credentials, connectString })
const { resultSet } = await connection.execute<unknown[]>(sql, [], { ...exact, resultSet: true, fetchArraySize: page, prefetchRows: page })
const started = performance.now()
let rows = 0
let last: unknown
for (let got = await resultSet!.getRows(page); got.length > 0; got = await resultSet!.getRows(page)) {
  rows += got.length
  last = got.at(-1)
}
await connection.close()
const seconds = (performance.now() - started) / 1000
process.stdout.write(
  `${JSON.stringify({ rows, last, rowsPerSecond: Math.round(rows / seconds), maxRssMb: process.resourceUsage().maxRSS / 1024 })}\n`,
)
