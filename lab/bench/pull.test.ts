/** Many rows to one reader of ours: they all come, and the memory of its process stays small. The long run is PONTE_TEST_LONG=1. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startProgram } from '../simulators/oracle-wire/testing/process.ts'
import { columns, type Side, STEP_ROWS, sample, type Task } from './pull/leads.ts'

const ROWS = process.env.PONTE_TEST_LONG === '1' ? 1_000_000 : 100_000

test(`${ROWS.toLocaleString('en')} rows of Oracle through one reader of ours, twice, take less than 300 MB`, async () => {
  const texts = columns.map((name) => ({ name, type: 'VARCHAR2' as const, size: 100 }))
  const results = [{ match: 'from known_leads', columns: texts, sample, rows: STEP_ROWS }]
  const server = await startProgram('replay-main.ts', { users: { ponte: 'ponte' }, results })
  try {
    const task: Task = { url: `oracle://ponte:ponte@${server.first.connectString}`, readers: 1, rows: ROWS }
    const file = fileURLToPath(new URL('./pull/ours-oracle.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [file, JSON.stringify(task)])
    const side = JSON.parse(stdout.trim()) as Side
    console.log(`our reader: ${stdout.trim()}`)
    expect(side.rows).toBe(ROWS)
    expect(side.peakRssMb).toBeLessThan(300)
  } finally {
    await server.stop()
  }
}, 300_000)
