/** `ponte simulator oracle` as an operator starts it, and the real driver against it. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import oracledb from 'oracledb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compilePonte, type Ponte } from '../../cli/testing/ponte.ts'
import { mariaDbMissing } from '../../connectors/mysql/testing.ts'

if (!mariaDbMissing('cli/simulator-oracle')) {
  let ponte: Ponte
  let folder: string
  beforeAll(() => {
    ponte = compilePonte()
    folder = mkdtempSync(join(tmpdir(), 'ponte-oracle-'))
  })
  afterAll(() => {
    ponte.remove()
    rmSync(folder, { recursive: true, force: true })
  })
  const env = () => ({ STATE_DIR: join(folder, 'state'), QUEUE_ROOT: join(folder, 'queue') })

  test('it starts a MariaDB of its own, serves the driver, ends on SIGTERM with 0, and its data are there again', async () => {
    for (const time of [1, 2]) {
      const running = ponte.start(['simulator', 'oracle', '--port', '0', '--data', join(folder, 'oracle'), '--empty', '--json'], env())
      const { connectString } = JSON.parse(await running.shows('\n')) as { connectString: string }
      const connection = await oracledb.getConnection({ user: 'ponte', password: 'simulator', connectString })
      if (time === 1) await connection.execute('create table branches (id number(10))')
      await connection.execute('insert into branches values (:1)', [time], { autoCommit: true })
      expect((await connection.execute('select count(*) from branches')).rows).toEqual([[time]])
      await connection.close()
      await expect(oracledb.getConnection({ user: 'ponte', password: 'other', connectString })).rejects.toMatchObject({ errorNum: 1017 })
      running.child.kill('SIGTERM')
      expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
    }
  })

  test('it begins with schema and demo data, installed once, and the commands work on it as on an Oracle', async () => {
    const running = ponte.start(['simulator', 'oracle', '--port', '0', '--data', join(folder, 'erp'), '--branches', '400', '--json'], env())
    const { port } = JSON.parse(await running.shows('\n')) as { port: number }
    const erp = { ERP_DIALECT: 'oracle', DB_USER: 'ponte', DB_PASSWD: 'simulator', DB_HOST: '127.0.0.1', DB_SERVICE_NAME: 'PONTE' }
    const on = { ...env(), ...erp, DB_PORT: String(port) }
    const document = async (words: string[]) => {
      const { code, stdout, stderr } = await ponte([...words, '--json'], on)
      return { code, stderr, ...JSON.parse(stdout) }
    }
    expect(await document(['migrate', '--dialect', 'oracle'])).toMatchObject({ code: 0, ok: true, applied: [] })
    const checks = (await document(['doctor'])).checks as { name: string; status: string; detail: string }[]
    expect(checks.filter(({ name }) => name.startsWith('ERP'))).toEqual([
      { name: 'ERP', status: 'ok', detail: expect.stringContaining('Oracle at 127.0.0.1') },
      { name: 'ERP schema', status: 'ok', detail: expect.any(String) },
      { name: 'ERP time zone', status: 'ok', detail: expect.stringContaining('America/Sao_Paulo') },
    ])
    const first = await document(['run', 'job_execute_spark'])
    expect(first).toMatchObject({ code: 0, ok: true })
    const queued = readdirSync(join(folder, 'queue/leads/processar'))
    expect(queued.filter((name) => name.startsWith('insert'))).not.toEqual([])
    running.child.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
    const away = await document(['run', 'job_execute_spark'])
    expect(away).toMatchObject({ code: 1, ok: false, error: { code: 'erp.unreachable' } })
  })

  test('faults that are no list are wrong usage, told before anything is started', async () => {
    const { code, stdout } = await ponte(['simulator', 'oracle', '--faults', '{"at": 1}', '--data', join(folder, 'never'), '--json'], env())
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 2, ok: false, error: { code: 'simulator.faults' } })
  })
}
