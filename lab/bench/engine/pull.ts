/**
 * Pull from a real PostgreSQL into staged rows (driver, decoding, frames, DuckDB) against a bare cursor loop of `pg` that
 * drops its rows. argv: folder, rows. Threads are warm on both sides: a service keeps them.
 */
import { join } from 'node:path'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { postgresErp } from '../../../connectors/erp/dialects/postgres/erp.ts'
import { testDatabase } from '../../../connectors/erp/testing/test-erp.ts'
import { localEngine } from '../../../engine/local/local-engine.ts'
import type { Engine } from '../../../engine/model.ts'
import { columns } from './leads.ts'
import { Meter } from './measure.ts'

const ROUNDS = 4
/** One connection, as the bare loop has; and two, which share this machine's cores with the server. */
const READERS = [1, 2] as const
const [folder, count] = [process.argv[2]!, Number(process.argv[3])]
const names = columns.map(({ name }) => name)
const database = await testDatabase()
try {
  await database.pool.query(`create table leads as select g as id, g::text as c0,
    ${names
      .slice(1)
      .map(
        (_, i) =>
          `${["lpad(g::text, 14, '0')", "'Comércio de Peças ' || g % 5000", "'RUA DAS LARANJEIRAS ' || g % 9973", "case when g % 3 > 0 then 'SALA ' || g % 40 end", "'SAO PAULO'"][i % 5]} as c${i + 1}`,
      )
      .join(', ')}
    from generate_series(1::bigint, ${count}) g`)
  await database.pool.query('alter table leads add primary key (id)')
  await database.pool.query(
    `create view known_leads as select id as range_key, ${names.map((name, i) => `c${i} as ${name.toLowerCase()}`).join(', ')} from leads`,
  )
  await database.pool.query('vacuum analyze leads')

  const erp = postgresErp({ url: database.url })
  const engines = new Map<number, Engine>()
  for (const readers of READERS)
    engines.set(readers, await localEngine({ stateDir: join(folder, `pull-${readers}`), memoryLimit: '4GB', readers }))
  const bare: Rate[] = []
  const ours = new Map<number, Rate[]>(READERS.map((readers) => [readers, []]))
  // Turn by turn, so that a disturbance hits all alike.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const floor = await pullBare(database.url)
    // The first round starts threads and fills the server's memory.
    if (round > 0) bare.push(floor)
    for (const [readers, engine] of engines) {
      const rate = await pullOurs(engine, erp, readers)
      if (round > 0) ours.get(readers)!.push(rate)
    }
  }
  await erp.close()
  for (const engine of engines.values()) await engine.close()
  const floor = fastest(bare)
  const [one, two] = READERS.map((readers) => against(floor, readers, fastest(ours.get(readers)!)))
  console.log(JSON.stringify({ ...one, rows: count, bare: floor, twoReaders: two }))
} finally {
  await database.drop()
}

interface Rate {
  readonly rowsPerSecond: number
  readonly rowsPerCpuSecond: number
}

function rate(rows: number, cost: { wallMs: number; cpuMs: number }): Rate {
  return { rowsPerSecond: Math.round((rows * 1000) / cost.wallMs), rowsPerCpuSecond: Math.round((rows * 1000) / cost.cpuMs) }
}

function fastest(rates: readonly Rate[]): Rate {
  return rates.reduce((best, next) => (next.rowsPerSecond > best.rowsPerSecond ? next : best))
}

function against(floor: Rate, readers: number, rate: Rate) {
  return { readers, ratio: rate.rowsPerSecond / floor.rowsPerSecond, cpuRatio: rate.rowsPerCpuSecond / floor.rowsPerCpuSecond, ours: rate }
}

async function pullOurs(engine: Engine, erp: ReturnType<typeof postgresErp>, readers: number): Promise<Rate> {
  const extract = await erp.openExtract(readers)
  try {
    const desired = await extract.source('known_leads', names)
    const outcome = await engine.compare(
      { entity: 'pull', columns: columns.map(({ name }) => ({ name, rule: [] })), key: ['ID'], desired, known: null },
      { run: 'bench' },
    )
    if (outcome.kind === 'stopped') throw new Error('stopped by a guard')
    await outcome.comparison.close()
    const pull = outcome.comparison.steps.find(({ step }) => step === 'pull')!
    if (pull.rows !== count) throw new Error(`${pull.rows} rows arrived`)
    return rate(count, pull)
  } finally {
    await extract.close()
  }
}

async function pullBare(url: string): Promise<Rate> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const meter = new Meter()
  let rows = 0
  await meter.step('pull', count, async () => {
    const cursor = client.query(new Cursor(`select ${names.join(', ')} from known_leads`, [], { rowMode: 'array' }))
    for (let batch = await cursor.read(1000); batch.length > 0; batch = await cursor.read(1000)) rows += batch.length
    await cursor.close()
  })
  meter.done()
  await client.end()
  if (rows !== count) throw new Error(`${rows} rows arrived`)
  return rate(count, meter.costs[0]!)
}
