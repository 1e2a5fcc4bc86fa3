/** Another server than the one that was meant: said by name, not as "does not answer". */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { scriptedBackend } from '../../lab/simulators/oracle-wire/scripted-backend.ts'
import { startOracleSimulator } from '../../lab/simulators/oracle-wire/simulator.ts'
import { mariaDbMissing, testMariaDb } from '../mysql/testing.ts'
import { openErp } from './open.ts'
import { testDatabase } from './testing/test-erp.ts'
import { whoAnswers } from './who-answers.ts'

const place = (url: string) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) })

test('PostgreSQL, Oracle and a web server are known by their greeting; nobody and a stranger are not', async () => {
  const database = await testDatabase()
  const oracle = await startOracleSimulator({ backend: scriptedBackend([]), users: { ponte: 's3cret' } })
  const web = createServer((_, response) => response.end('hello'))
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
  const webPort = (web.address() as AddressInfo).port
  try {
    const { host, port } = place(database.url)
    expect(await whoAnswers(host, port)).toBe('PostgreSQL')
    expect(await whoAnswers('127.0.0.1', oracle.port)).toBe('Oracle')
    expect(await whoAnswers('127.0.0.1', webPort)).toBe('a web server')
    expect(await whoAnswers('127.0.0.1', 9)).toBe(null)
    const erp = await openErp({ url: `postgres://ponte:s3cret@127.0.0.1:${oracle.port}/PONTE` })
    await expect(erp.ping()).rejects.toMatchObject({
      code: 'erp.other_server',
      exitCode: 2,
      message: expect.stringContaining('answers Oracle, not PostgreSQL'),
      hint: expect.stringContaining('ERP_DIALECT'),
    })
    await erp.close()
  } finally {
    web.closeAllConnections()
    web.close()
    await oracle.close()
    await database.drop()
  }
})

if (!mariaDbMissing('connectors/erp/who-answers'))
  test('a MariaDB is known by its greeting', async () => {
    const database = await testMariaDb()
    const { host, port } = place(database.url)
    expect(await whoAnswers(host, port)).toBe('MySQL or MariaDB')
    await database.drop()
  })
