/** What an Oracle that the driver's thin mode cannot speak with is told as. */
import { expect, test } from 'vitest'
import type { PonteError } from '../../base/error.ts'
import { scriptedBackend } from '../../simulators/oracle-wire/scripted-backend.ts'
import { startOracleSimulator } from '../../simulators/oracle-wire/simulator.ts'
import { oracleErp } from './oracle.ts'
import { erpError } from './oracle-errors.ts'

test('a password that the database keeps in the form of 10g: Instant Client, or set it anew', async () => {
  const server = await startOracleSimulator({ backend: scriptedBackend([]), users: { ponte: 's3cret' }, verifiers: '10g' })
  const erp = oracleErp({ url: `oracle://ponte:s3cret@${server.connectString}` })
  try {
    const { code, hint, exitCode, cause } = (await erp.ping().catch((error) => error)) as PonteError
    expect({ code, exitCode }).toEqual({ code: 'erp.needs_client', exitCode: 2 })
    expect(String(cause)).toContain('NJS-116')
    expect(hint).toMatch(/ORACLE_CLIENT_DIR.*setting it anew/)
  } finally {
    await erp.close()
    await server.close()
  }
})

test.each([
  ['NJS-533', 'erp.needs_client'],
  ['NJS-138', 'erp.needs_client'],
  ['ORA-12660', 'erp.needs_client'],
  ['NJS-521', 'erp.unreachable'],
  ['NJS-529', 'erp.tls'],
])('%s is told as %s', (code, expected) => {
  expect(erpError(Object.assign(new Error(`${code}: as the driver says it`), { code })).code).toBe(expected)
})
