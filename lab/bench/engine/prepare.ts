/** Writes the floor's Parquet files: the rows that our engine is given as frames. argv: folder, rows. */
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { fillDirect, Ingest } from '../../../engine/local/ingest.ts'
import { formulaRows, read } from '../../../engine/local/testing/generated.ts'
import { CHANGED_EVERY, columns } from './leads.ts'

const [folder, count] = [process.argv[2]!, Number(process.argv[3])]
const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()
for (const [side, changeEvery] of [
  ['desired', CHANGED_EVERY],
  ['known', 0],
] as const) {
  await connection.run(`create table ${side} (${columns.map((_, i) => `c${i} varchar`).join(', ')})`)
  const ingest = await Ingest.open(connection, { schema: 'main', table: side, columns: columns.length }, fillDirect)
  const { settings, ranges } = formulaRows(count, { columns: columns.length, changeEvery }, 1)
  for await (const frame of read({ settings, range: ranges[0] }, new AbortController().signal)) ingest.append(frame)
  ingest.close()
  await connection.run(`copy ${side} to '${join(folder, side)}.parquet' (format parquet, compression lz4)`)
  await connection.run(`drop table ${side}`)
}
connection.closeSync()
instance.closeSync()
