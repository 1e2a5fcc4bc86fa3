/** What an Oracle that the driver's thin mode cannot speak with is told as. */
import { expect, test } from 'vitest'
import type { PonteError } from '../../../../base/error.ts'
import { scriptedBackend } from '../../../../lab/simulators/oracle-wire/scripted-backend.ts'
import { startOracleSimulator } from '../../../../lab/simulators/oracle-wire/simulator.ts'
import { oracleErp } from './erp.ts'
import { erpError } from './errors.ts'

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
  ['NJS-100', 'erp.needs_client'],
  ['ORA-28040', 'erp.needs_client'],
  ['NJS-517', 'erp.database_missing'],
  ['ORA-12506', 'erp.login_refused'],
  ['ORA-00257', 'erp.storage_full'],
  ['ORA-01653', 'erp.storage_full'],
  ['ORA-01466', 'erp.snapshot_lost'],
  ['ORA-08103', 'erp.snapshot_lost'],
])('%s is told as %s', (code, expected) => {
  expect(erpError(Object.assign(new Error(`${code}: as the driver says it`), { code })).code).toBe(expected)
})

/** A worker ends for good at an error with exit code 2; an instance that starts is waited for. */
test.each(['ORA-12514', 'ORA-12526', 'ORA-12528', 'ORA-01033', 'ORA-01035', 'ORA-01109', 'NJS-518'])('%s is waited for', (code) => {
  expect(erpError(Object.assign(new Error(`${code}: as the driver says it`), { code }))).toMatchObject({
    code: 'erp.unreachable',
    exitCode: 1,
  })
})
