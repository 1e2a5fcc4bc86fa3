/** PostgreSQL behind a real PgBouncer, in session mode, plain and with a self-signed certificate. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../../mysql/programs.ts'
import { openState } from '../../../state/pool.ts'
import { createWatchPool } from '../../../state/watch/watch-pool.ts'
import { selfSigned } from '../../../testing/certificate.ts'
import { readSource } from '../../read-source.ts'
import { openHarness } from '../../testing/contract/postgres-harness.ts'
import { type TestDatabase, testDatabase } from '../../testing/test-erp.ts'
import { whoAnswers } from '../../who-answers.ts'
import { postgresErp } from './erp.ts'

const program = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find(existsSync)
if (program === undefined) console.log('LEFT OUT: connectors/erp/postgres behind PgBouncer (Debian: apt-get install pgbouncer).')
else
  describe('PostgreSQL behind PgBouncer', () => {
    let it: Awaited<ReturnType<typeof openHarness>>
    let state: TestDatabase
    let folder: string
    const bouncers: ChildProcess[] = []
    let plain: number
    let encrypted: number

    beforeAll(async () => {
      it = await openHarness()
      state = await testDatabase()
      folder = mkdtempSync(join(tmpdir(), 'ponte-pgbouncer-'))
      selfSigned(folder)
      plain = await bouncer('plain', [])
      encrypted = await bouncer('tls', [
        'client_tls_sslmode = require',
        `client_tls_key_file = ${folder}/key.pem`,
        `client_tls_cert_file = ${folder}/cert.pem`,
      ])
    })
    afterAll(async () => {
      for (const child of bouncers) child.kill('SIGKILL')
      rmSync(folder, { recursive: true })
      await it.close()
      await state.drop()
    })

    /** Starts one and waits until it listens. */
    async function bouncer(name: string, settings: readonly string[]): Promise<number> {
      const port = await freePort()
      const server = new URL(it.database.url)
      writeFileSync(
        join(folder, `${name}.ini`),
        [
          `[databases]\n* = host=${server.hostname} port=${server.port} user=${server.username} password=${server.password}`,
          `[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\nauth_type = any\npool_mode = session\nunix_socket_dir =`,
          `user = nobody\nlogfile = ${folder}/${name}.log`,
          ...settings,
        ].join('\n'),
      )
      for (const file of ['', `/${name}.ini`, '/key.pem', '/cert.pem']) chmodSync(`${folder}${file}`, file === '' ? 0o777 : 0o644)
      const child = spawn(program!, [`${folder}/${name}.ini`], { stdio: 'ignore' })
      bouncers.push(child)
      while ((await whoAnswers('127.0.0.1', port)) !== 'PostgreSQL')
        if (child.exitCode !== null) throw new Error(`pgbouncer ended with ${child.exitCode}`)
      return port
    }
    const through = (url: string, port: number): string => Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href

    test('commands, a compare by two readers and the state database work', async () => {
      const erp = postgresErp({ url: through(it.database.url, plain), statementTimeoutMs: 1_234 })
      try {
        await erp.ping()
        const extract = await erp.openExtract(2)
        expect(await readSource(await extract.source('known_leads', ['ID']), ['ID'])).toEqual([])
        await extract.close()
      } finally {
        await erp.close()
      }
      const url = through(state.url, plain)
      const pools = [await openState(url), createWatchPool(url)]
      for (const pool of pools) {
        expect((await pool.query('select count(*)::int as n from runs')).rows).toEqual([{ n: 0 }])
        await pool.end()
      }
    })

    test('a certificate that nobody vouches for is told as such, for ERP and state', async () => {
      const told = { code: 'erp.tls', exitCode: 2, hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') }
      const erp = postgresErp({ url: `${through(it.database.url, encrypted)}?sslmode=verify-full` })
      await expect(erp.ping()).rejects.toMatchObject(told)
      await erp.close()
      await expect(openState(`${through(state.url, encrypted)}?sslmode=verify-full`)).rejects.toMatchObject({ ...told, code: 'state.tls' })
      const without = postgresErp({ url: `${through(it.database.url, plain)}?sslmode=verify-full` })
      await expect(without.ping()).rejects.toMatchObject(told)
      await without.close()
    })
  })
