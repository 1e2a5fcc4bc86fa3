/**
 * `npm run bench:engine [-- --rows 100000,1000000 --json]`
 *
 * compare: normalise + hash + diff + JSON lines + snapshot of staged rows, against a raw DuckDB script over Parquet that
 *          does the same without normalising. `ratio` is ours / floor in wall time, of the largest size; lower is better.
 * pull:    rows per second from a real PostgreSQL into the engine, against a bare cursor loop. Higher is better.
 *
 * Each side runs in a process of its own, by turns, and its fastest run counts.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { type Pull, printTable, type Side, type Size } from './engine/report.ts'

const ROUNDS = 2
const PULL_ROWS = 200_000
const { values } = parseArgs({
  options: { rows: { type: 'string', default: '100000,1000000' }, json: { type: 'boolean', default: false } },
})
const counts = values.rows.split(',').map(Number)
if (!counts.every((rows) => Number.isSafeInteger(rows) && rows >= 1000)) {
  console.error('--rows takes counts of 1000 or more, comma separated')
  process.exit(2)
}

const folder = await mkdtemp(join(tmpdir(), 'ponte-bench-'))
try {
  const sizes: Size[] = []
  for (const rows of counts) sizes.push(await compareSize(rows))
  const pull = await run<Pull>('pull', PULL_ROWS)
  if (values.json) console.log(JSON.stringify({ ratio: sizes.at(-1)!.ratio, pull, sizes }))
  else printTable(sizes, pull)
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function compareSize(rows: number): Promise<Size> {
  await run('prepare', rows)
  const ours: Side[] = []
  const floor: Side[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    floor.push(await run<Side>('floor', rows))
    ours.push(await run<Side>('ours', rows))
  }
  const [best, least] = [fastest(ours), fastest(floor)]
  if (best.changed !== least.changed) throw new Error(`we found ${best.changed} changes, the floor ${least.changed}`)
  return { rows, ratio: best.total.wallMs / least.total.wallMs, cpuRatio: best.total.cpuMs / least.total.cpuMs, ours: best, floor: least }
}

function fastest(sides: readonly Side[]): Side {
  return sides.reduce((best, next) => (next.total.wallMs < best.total.wallMs ? next : best))
}

/** Runs one part in a process of its own; its last line is JSON. */
async function run<T>(part: 'prepare' | 'ours' | 'floor' | 'pull', rows: number): Promise<T> {
  const file = fileURLToPath(new URL(`./engine/${part}.ts`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [file, folder, String(rows)], { maxBuffer: 1 << 24 })
  return JSON.parse(stdout.trim() || 'null') as T
}
