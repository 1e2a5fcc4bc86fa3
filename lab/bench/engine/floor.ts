/**
 * The floor: the same job as a bare DuckDB script over Parquet files, without normalisation, guards or our engine.
 * argv: folder, rows. Prints its costs.
 */
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { hashSql } from '../../../engine/hash.ts'
import { readColumns } from '../../../engine/local/duck-text.ts'
import type { Row } from '../../../engine/model.ts'
import { columns, type Line } from './leads.ts'
import { Meter } from './measure.ts'
import { writeLines } from './write-lines.ts'

const [folder, count] = [process.argv[2]!, Number(process.argv[3])]
const instance = await DuckDBInstance.create(':memory:', { memory_limit: '6GB', preserve_insertion_order: 'false' })
const connection = await instance.connect()
const names = columns.map((_, i) => `c${i}`)
const file = (side: string) => `'${join(folder, side)}.parquet'`
const meter = new Meter()

async function* changedLines(): AsyncIterable<readonly Line[]> {
  const result = await connection.stream(
    `select c.key, c.hash, ${names.join(', ')} from changed c join ${file('desired')} r on r.c0 = c.key order by c.key`,
  )
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const [keys, hashes, ...values] = readColumns(chunk)
    yield keys!.map((key, row) => ({
      key: key!,
      hash: hashes![row]!,
      row: Object.fromEntries(columns.map(({ name }, i) => [name, values[i]![row]!])) as Row,
    }))
  }
}

await meter.step('hash', count * 2, async () => {
  for (const side of ['desired', 'known'])
    await connection.run(`create table ${side} as select c0 as key, ${hashSql(names)} as hash from ${file(side)}`)
})
await meter.step('diff', count * 2, () =>
  connection.run(
    'create table changed as select d.key, d.hash from desired d full outer join known k on d.key = k.key where d.hash is distinct from k.hash',
  ),
)
const changed = await meter.step('json', count / 100, () => writeLines(join(folder, 'floor.json'), changedLines()))
await meter.step('snapshot', count, async () => {
  const half = (from: number) => `cast(concat('0x', substring(hash, ${from}, 16)) as ubigint)`
  await connection.run(
    `copy (select key, ${half(1)} as a, ${half(17)} as b from desired) to ${file('snapshot')} (format parquet, compression lz4)`,
  )
  await connection.run(
    `copy (select r.* from changed c join ${file('desired')} r on r.c0 = c.key) to ${file('changes')} (format parquet, compression lz4)`,
  )
})
const total = {
  wallMs: meter.costs.reduce((sum, { wallMs }) => sum + wallMs, 0),
  cpuMs: meter.costs.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
}
connection.closeSync()
instance.closeSync()
console.log(JSON.stringify({ changed, steps: meter.costs, total, peakRssMb: meter.done() }))
