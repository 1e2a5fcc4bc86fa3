/** One reader, many rows: the server in one process, the driver in another, the memory of the second measured. */
import { expect, test } from 'vitest'
import type { ReplaySettings } from './replay-main.ts'
import { credentials } from './testing/driver.ts'
import { startProgram } from './testing/process.ts'

const ROWS = process.env.PONTE_TEST_LONG === '1' ? 1_000_000 : 100_000

const branch = [
  '1000001',
  '00000000000191',
  'Comércio de Peças São João Ltda',
  'RUA DAS ACÁCIAS 1234',
  'SÃO PAULO',
  'SP',
  '01310100',
  'ATIVO',
  '12345.67',
  '2024-03-10 02:30:00',
]
const columns = [
  { name: 'ID', type: 'NUMBER' as const, precision: 10, scale: 0 },
  ...['TAX_ID', 'NAME', 'STREET', 'CITY', 'STATE', 'ZIP', 'STATUS'].map((name) => ({ name, type: 'VARCHAR2' as const, size: 100 })),
  { name: 'LIMIT_VALUE', type: 'NUMBER' as const, precision: 15, scale: 2 },
  { name: 'CHANGED', type: 'DATE' as const },
]

test(`${ROWS.toLocaleString('en')} rows of ten columns are streamed by one reader under 300 MB in the driver's process`, async () => {
  const settings: ReplaySettings = {
    users: { [credentials.user]: credentials.password },
    results: [{ match: 'from branches', columns, sample: [branch, [...branch.slice(0, -1), null]], rows: ROWS }],
  }
  const server = await startProgram('replay-main.ts', settings)
  try {
    const { connectString } = server.first
    const reader = await startProgram('testing/stream-child.ts', { connectString, sql: 'select * from branches', page: 1000 })
    expect(reader.first).toMatchObject({ rows: ROWS, last: [...branch.slice(0, -1), null] })
    console.log(`driver: ${JSON.stringify(reader.first)}`)
    expect(reader.first.maxRssMb).toBeLessThan(300)
    await reader.stop()
  } finally {
    await server.stop()
  }
}, 300_000)
