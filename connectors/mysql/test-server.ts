/**
 * One MariaDB per user of the machine for tests: started by whoever comes first, adopted by later runs, left running. It keeps
 * nothing safe: durability is off. Root lends it to `mysql`, else to `nobody`, because MariaDB will not run as root.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import { PonteError } from '../../base/error.ts'
import { findMariadb, freePort, makeDataFolder } from './programs.ts'

export interface TestServer {
  /** mysql:// URL with password. */
  url(database: string): string
}

const START_LIMIT_MS = 120_000
/** A starter that was killed leaves its lock folder behind. */
const LOCK_STALE_MS = 150_000
const FLAGS = [
  '--bind-address=127.0.0.1',
  '--skip-name-resolve',
  '--skip-log-bin',
  '--max-connections=400',
  '--character-set-server=utf8mb4',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-flush-method=nosync',
  '--skip-innodb-doublewrite',
  '--innodb-buffer-pool-size=128M',
  '--sync-frm=0',
  '--performance-schema=off',
]

/** Starts or adopts the server. @throws PonteError `test.mariadb` */
export async function startTestServer(): Promise<TestServer> {
  const base = process.getuid?.() === 0 ? '/var/lib/ponte' : tmpdir()
  const folder = join(base, `mariadb-test-${userInfo().uid}`)
  await mkdir(folder, { recursive: true })
  // The server's account passes through; the password file inside is ours alone.
  await chmod(folder, 0o711)
  const lock = join(folder, 'starting')
  const until = Date.now() + START_LIMIT_MS
  for (;;) {
    const running = await adopt(folder)
    if (running !== undefined) return running
    if (Date.now() > until) throw failed(folder, 'it did not answer in time')
    if (
      await mkdir(lock)
        .catch(() => false as const)
        .then((made) => made !== false)
    ) {
      try {
        return (await adopt(folder)) ?? (await start(folder, until))
      } finally {
        await rm(lock, { recursive: true, force: true })
      }
    }
    const begun = await stat(lock).catch(() => undefined)
    if (begun !== undefined && Date.now() - begun.mtimeMs > LOCK_STALE_MS) await rm(lock, { recursive: true, force: true })
    await sleep(200)
  }
}

async function adopt(folder: string): Promise<TestServer | undefined> {
  const address = await readFile(join(folder, 'address'), 'utf8').catch(() => undefined)
  if (address === undefined) return undefined
  const url = (database: string) => `mysql://${address.trim()}/${database}`
  try {
    const connection = await mysql.createConnection(url(''))
    await connection.end()
    return { url }
  } catch {
    return undefined
  }
}

async function start(folder: string, until: number): Promise<TestServer> {
  const programs = findMariadb()
  if (programs === null) throw failed(folder, 'it is not installed')
  const account = await accountArgument()
  const data = join(folder, 'data')
  if (!existsSync(join(data, 'mysql'))) {
    await rm(data, { recursive: true, force: true })
    await makeDataFolder(programs, data, account)
  }
  const [port, password] = [await freePort(), randomBytes(12).toString('hex')]
  const init = join(folder, 'init.sql')
  await writeFile(
    init,
    `create or replace user ponte@'127.0.0.1' identified by '${password}';\ngrant all on *.* to ponte@'127.0.0.1' with grant option;\n`,
  )
  const child = spawn(
    programs.server,
    [
      '--no-defaults',
      ...account,
      `--datadir=${data}`,
      `--port=${port}`,
      `--socket=${join(data, 'mysql.sock')}`,
      `--pid-file=${join(data, 'server.pid')}`,
      `--log-error=${join(data, 'server.log')}`,
      `--init-file=${init}`,
      ...FLAGS,
    ],
    { detached: true, stdio: 'ignore' },
  )
  child.unref()
  await writeFile(join(folder, 'address'), `ponte:${password}@127.0.0.1:${port}`, { mode: 0o600 })
  for (;;) {
    const running = await adopt(folder)
    if (running !== undefined) {
      await rm(init, { force: true })
      return running
    }
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > until) throw failed(folder, `exit code ${child.exitCode}`)
    await sleep(100)
  }
}

async function accountArgument(): Promise<string[]> {
  if (process.getuid?.() !== 0) return []
  const names = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':')[0])
  return [`--user=${names.includes('mysql') ? 'mysql' : 'nobody'}`]
}

function failed(folder: string, why: string): PonteError {
  return new PonteError('test.mariadb', `the MariaDB for tests did not start: ${why}`, {
    hint: `look at ${join(folder, 'data', 'server.log')}`,
  })
}
