/**
 * `npm run bench:pull [-- --rows 400000 --json]`
 *
 * Rows of an ERP into this process as frames, with one reader and with two, against a bare loop of the same driver over the same rows that
 * drops them. `ratio` is ours / bare in rows per second of CPU time, all threads of the process counted; higher is better.
 *
 * oracle: the server is a process of its own that replays encoded pages, so that only the driver's side is measured.
 * mysql:  a table of a real MariaDB.
 *
 * Each side runs in a process of its own, by turns, and its best run counts.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { mariaDbMissing, type TestMariaDb, testMariaDb } from '../../connectors/mysql/testing.ts'
import { startProgram } from '../simulators/oracle-wire/testing/process.ts'
import { columns, type Side, STEP_ROWS, sample, type Task } from './pull/leads.ts'

const ROUNDS = 3
const { values } = parseArgs({ options: { rows: { type: 'string', default: '400000' }, json: { type: 'boolean', default: false } } })
const rows = Number(values.rows)
if (!Number.isSafeInteger(rows) || rows < 100_000 || rows % 100_000 !== 0) {
  console.error('--rows takes a multiple of 100000')
  process.exit(2)
}

interface Figures {
  readonly rowsPerCpuSecond: number
  readonly rowsPerSecond: number
  readonly peakRssMb: number
}
interface Pair {
  readonly readers: number
  /** Ours / bare, rows per CPU-second. */
  readonly ratio: number
  readonly ours: Figures
  readonly bare: Figures
}
interface Dialect {
  /** The lower one of the pairs. */
  readonly ratio: number
  readonly pairs: readonly Pair[]
}

const oracle = await onOracle()
const mysql = mariaDbMissing('bench:pull mysql') ? null : await onMysql()
if (values.json) console.log(JSON.stringify({ rows, oracle, ...(mysql === null ? {} : { mysql }) }))
else {
  print('Oracle', oracle)
  if (mysql !== null) print('MySQL', mysql)
}

async function onOracle(): Promise<Dialect> {
  const texts = columns.map((name) => ({ name, type: 'VARCHAR2' as const, size: 100 }))
  const replay = (match: string, count: number) => ({ match, columns: texts, sample, rows: count })
  const user = 'ponte'
  const pairs: Pair[] = []
  for (const readers of [1, 2]) {
    const server = await startProgram('replay-main.ts', {
      users: { [user]: user },
      results: [replay('from known_leads', STEP_ROWS), replay('from bare_leads', rows / readers)],
    })
    try {
      pairs.push(await pair('oracle', { url: `oracle://${user}:${user}@${server.first.connectString}`, readers, rows }))
    } finally {
      await server.stop()
    }
  }
  return { ratio: Math.min(...pairs.map(({ ratio }) => ratio)), pairs }
}

async function onMysql(): Promise<Dialect> {
  const database = await testMariaDb({ migrate: fill })
  try {
    const pairs: Pair[] = []
    for (const readers of [1, 2]) pairs.push(await pair('mysql', { url: database.url, readers, rows }))
    return { ratio: Math.min(...pairs.map(({ ratio }) => ratio)), pairs }
  } finally {
    await database.drop()
  }
}

/** The sample's rows, over and over, under the names that the extract looks for. */
async function fill(pool: TestMariaDb['pool']): Promise<void> {
  const names = columns.map((column) => column.toLowerCase())
  await pool.query(`create table leads (id bigint primary key, ${names.map((_, at) => `c${at} varchar(100)`).join(', ')})`)
  for (let from = 0; from < rows; from += 5_000) {
    const part = Array.from({ length: 5_000 }, (_, at) => [from + at + 1, ...sample[(from + at) % sample.length]!])
    await pool.query('insert into leads values ?', [part])
  }
  await pool.query(
    `create view known_leads as select id as range_key, ${names.map((name, at) => `c${at} as ${name}`).join(', ')} from leads`,
  )
}

/** By turns; of each side the run with the least CPU time counts. */
async function pair(dialect: 'oracle' | 'mysql', task: Task): Promise<Pair> {
  const sides: Record<'ours' | 'bare', Side[]> = { ours: [], bare: [] }
  for (let round = 0; round < ROUNDS; round += 1)
    for (const side of ['bare', 'ours'] as const) sides[side].push(await run(`${side}-${dialect}`, task))
  const [ours, bare] = [figures(sides.ours), figures(sides.bare)]
  return { readers: task.readers, ratio: ours.rowsPerCpuSecond / bare.rowsPerCpuSecond, ours, bare }
}

function figures(runs: readonly Side[]): Figures {
  for (const { rows: got } of runs) if (got !== rows) throw new Error(`${got} rows came instead of ${rows}`)
  const best = runs.reduce((least, next) => (next.cpuMs < least.cpuMs ? next : least))
  const { cpuMs, wallMs, peakRssMb } = best
  return { rowsPerCpuSecond: Math.round((rows * 1000) / cpuMs), rowsPerSecond: Math.round((rows * 1000) / wallMs), peakRssMb }
}

async function run(part: string, task: Task): Promise<Side> {
  const file = fileURLToPath(new URL(`./pull/${part}.ts`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [file, JSON.stringify(task)], {
    env: { ...process.env, TZ: 'UTC' },
  })
  return JSON.parse(stdout.trim()) as Side
}

function print(name: string, { pairs }: Dialect): void {
  for (const { readers, ratio, ours, bare } of pairs) {
    console.log(`${name}, ${readers} reader${readers > 1 ? 's' : ''}: ratio ${ratio.toFixed(2)}`)
    for (const [side, { rowsPerCpuSecond, rowsPerSecond, peakRssMb }] of Object.entries({ ours, bare }))
      console.log(
        `  ${side}  ${rowsPerCpuSecond.toLocaleString('en')} rows per CPU-second, ${rowsPerSecond.toLocaleString('en')} rows/s, ${peakRssMb} MB`,
      )
  }
}
