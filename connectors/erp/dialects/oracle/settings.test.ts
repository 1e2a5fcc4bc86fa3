/** What may stand in ORACLE_URL: tried by the driver itself against the simulated listener. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { done, scriptedBackend } from '../../../../lab/simulators/oracle-wire/scripted-backend.ts'
import { type OracleSimulator, startOracleSimulator } from '../../../../lab/simulators/oracle-wire/simulator.ts'
import { openConnection } from './connection.ts'
import { addressOf } from './settings.ts'

describe('ORACLE_URL', () => {
  let server: OracleSimulator
  let folder: string
  /** Settings of sessions, as the server was told them. */
  const sessions: string[] = []
  beforeAll(async () => {
    const noted = (call: { statement: { sql: string } }) => {
      sessions.push(call.statement.sql)
      return done()
    }
    server = await startOracleSimulator({
      backend: scriptedBackend([{ match: /^alter session/, run: noted }]),
      users: { ponte: 's3cret@:/?' },
    })
    folder = mkdtempSync(join(tmpdir(), 'ponte-tns-'))
    const [host, port, service] = server.connectString.split(/[:/]/)
    writeFileSync(join(folder, 'tnsnames.ora'), `ERP.WORLD = ${description(host!, port!, service!)}\n`)
    process.env.TNS_ADMIN = folder
  })
  afterAll(async () => {
    delete process.env.TNS_ADMIN
    rmSync(folder, { recursive: true })
    await server.close()
  })
  const description = (host: string, port: string, service: string) =>
    `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=${host})(PORT=${port}))(CONNECT_DATA=(SERVICE_NAME=${service})))`

  test.each<[string, (host: string, port: string, service: string) => string]>([
    ['host, port and service', (host, port, service) => `${host}:${port}/${service}`],
    ['several hosts, the first of which is dead', (host, port, service) => `127.0.0.9:9,${host}:${port}/${service}?retry_count=1`],
    ['a pooled server and a connection class', (host, port, service) => `${host}:${port}/${service}:pooled?pool_connection_class=PONTE`],
    ['a TNS alias', () => 'ERP.WORLD'],
    ['a whole description', description],
  ])('leads there by %s', async (_, place) => {
    const [host, port, service] = server.connectString.split(/[:/]/)
    const connection = await openConnection({
      url: `oracle://ponte:${encodeURIComponent('s3cret@:/?')}@${place(host!, port!, service!)}`,
    })
    await connection.close()
  })

  test('may name the schema whose objects are meant, for a user who is not their owner; nothing else goes into the statement', async () => {
    const url = `oracle://ponte:${encodeURIComponent('s3cret@:/?')}@${server.connectString}`
    for (const schema of ['', '?schema=PONTE_OWNER']) await (await openConnection({ url: url + schema })).close()
    expect(sessions.slice(-2).map((sql) => /current_schema = (\S+)/.exec(sql)?.[1])).toEqual([undefined, 'PONTE_OWNER'])
    expect(() => addressOf(`${url}?schema=a+time_zone`)).toThrow(expect.objectContaining({ code: 'erp.bad_url' }))
  })

  test.each([
    ['oracle://u:p@h/svc', 'tcp://h:1521/svc?transport_connect_timeout=10&connect_timeout=20', false],
    ['oracle://u:p@h/svc?protocol=tcps', 'tcps://h:2484/svc?transport_connect_timeout=10&connect_timeout=20', false],
    ['oracle://u:p@[::1]/svc?connect_timeout=5', 'tcp://[::1]:1521/svc?connect_timeout=5&transport_connect_timeout=10', false],
    ['oracle://u:p@a:1,b:2/svc%3Apooled', 'tcp://a:1,b:2/svc:pooled?transport_connect_timeout=10&connect_timeout=20', true],
    ['oracle://u:p@erp_prod', 'erp_prod', true],
  ])('%s is %s', (url, connectString, mayBePooled) => {
    expect(addressOf(url)).toMatchObject({ attributes: { user: 'u', password: 'p', connectString }, mayBePooled })
  })

  test.each([
    'oracle//u:p@h/svc',
    'oracle://u:p@h/',
    'oracle://u:p@h/svc?walet=x',
    'oracle://u:p@alias?sdu=8192',
    'oracle://u:p%@h/svc',
    'oracle://u:p@',
  ])('%s is refused', (url) => {
    expect(() => addressOf(url)).toThrow(expect.objectContaining({ code: 'erp.bad_url', exitCode: 2 }))
  })
})
