import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import mysql from 'mysql2/promise'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { removePrivateServer, startPrivateServer } from './private-server.ts'
import { mariaDbMissing } from './testing.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ponte-private-'))
})
afterEach(() => removePrivateServer(folder))

/** Process ids of servers whose data lie in our folder. */
const servers = (): string[] =>
  readdirSync('/proc').filter((entry) => {
    try {
      return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(`--datadir=${folder}/`)
    } catch {
      return false
    }
  })

test('without MariaDB it is said how to get it, and what else there is; nothing is made', async () => {
  const inside = join(folder, 'none')
  await expect(startPrivateServer(inside, { programs: null, instead: 'name one that runs' })).rejects.toMatchObject({
    code: 'mysql.not_installed',
    hint: 'apt-get install mariadb-server, or name one that runs',
    exitCode: 2,
  })
  expect(existsSync(inside)).toBe(false)
})

if (!mariaDbMissing('connectors/mysql/private-server'))
  describe('a private MariaDB', () => {
    const ask = async (url: string, sql: string) => {
      const connection = await mysql.createConnection(url)
      try {
        return (await connection.query(sql))[0]
      } finally {
        await connection.end()
      }
    }

    test('has a user for its own database alone, who comes back under the same address with the data', async () => {
      const first = await startPrivateServer(folder)
      await ask(first.url, 'create table t (n int); ')
      await expect(ask(first.url, 'create database other')).rejects.toMatchObject({ code: 'ER_DBACCESS_DENIED_ERROR' })
      await first.close()
      expect(servers()).toEqual([])
      const again = await startPrivateServer(folder, { again: first.settings })
      expect(again.url).toBe(first.url)
      expect(await ask(again.url, 'select count(*) as n from t')).toEqual([{ n: 0 }])
      await again.close()
    })

    test('that a killed process left running is ended by the next start in the folder, and by its removal', async () => {
      const script = `
        import { startPrivateServer } from ${JSON.stringify(fileURLToPath(new URL('private-server.ts', import.meta.url)))}
        const { url } = await startPrivateServer(${JSON.stringify(folder)})
        console.log(url)
        setInterval(() => {}, 1000)`
      const killed = async (): Promise<string> => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        const url = await new Promise<string>((resolve) => child.stdout.once('data', (text) => resolve(String(text).trim())))
        const ended = new Promise((resolve) => child.once('exit', resolve))
        child.kill('SIGKILL')
        await ended
        return url
      }
      await ask(await killed(), 'create table kept (n int)')
      expect(servers()).toHaveLength(1)
      const next = await startPrivateServer(folder)
      expect(servers()).toHaveLength(1)
      expect(await ask(next.url, 'select * from kept')).toEqual([])
      await next.close()
      await killed()
      await removePrivateServer(folder)
      expect(servers()).toEqual([])
      expect(existsSync(folder)).toBe(false)
    })

    test('that cannot start says where to look, and leaves no process', async () => {
      await expect(startPrivateServer(folder, { flags: ['--no-such-flag'] })).rejects.toMatchObject({
        code: 'mysql.server_failed',
        hint: `look at ${join(folder, 'mariadb.log')}`,
      })
      expect(servers()).toEqual([])
      const broken = { server: join(folder, 'absent'), install: '/bin/true' }
      await expect(startPrivateServer(join(folder, 'other'), { programs: broken })).rejects.toMatchObject({ code: 'mysql.server_failed' })
      rmSync(join(folder, 'other'), { recursive: true })
    })
  })
