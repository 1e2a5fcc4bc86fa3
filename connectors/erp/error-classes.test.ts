/** What errors of PostgreSQL and MySQL that are hard to make here mean, by the code that server or driver gives them. */
import { expect, test } from 'vitest'
import { erpError as mysqlError } from './dialects/mysql/errors.ts'
import { erpError as postgresError } from './dialects/postgres/errors.ts'

test.each([
  ['53100', 'erp.storage_full', 1],
  ['25006', 'erp.read_only', 1],
  ['40P01', 'erp.deadlock', 1],
  ['55P03', 'erp.timeout', 1],
  ['57P03', 'erp.unreachable', 1],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'erp.tls', 2],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'erp.tls', 2],
])('%s of PostgreSQL is %s', (code, expected, exitCode) => {
  const error = postgresError(Object.assign(new Error('as the server says it'), { code }))
  expect(error).toMatchObject({ code: expected, exitCode, hint: expect.stringMatching(/./) })
})

test.each([
  [{ errno: 1114 }, 'erp.storage_full', 1],
  [{ errno: 1290 }, 'erp.read_only', 1],
  [{ errno: 1129 }, 'erp.login_refused', 1],
  [{ errno: 1053 }, 'erp.unreachable', 1],
  [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'erp.tls', 2],
  [{ code: 'HANDSHAKE_NO_SSL_SUPPORT' }, 'erp.tls', 2],
  [{ code: 'CERT_HAS_EXPIRED' }, 'erp.tls', 2],
])('%j of MySQL is %s', (fields, expected, exitCode) => {
  const error = mysqlError(Object.assign(new Error('as the server says it'), fields))
  expect(error).toMatchObject({ code: expected, exitCode, hint: expect.stringMatching(/./) })
})
