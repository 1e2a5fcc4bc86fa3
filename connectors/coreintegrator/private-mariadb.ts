/** A MariaDB of our own for the demonstration without Docker: on a free port of 127.0.0.1, in a folder, ended with us. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import mysql from 'mysql2/promise'
import { PonteError } from '../../base/error.ts'
import type { DatabaseSettings } from './database.ts'

export interface PrivateMariadb {
  readonly settings: DatabaseSettings
  /** For the client `mysql`, which needs no password there: only this user of the machine may come in. */
  readonly socket: string
  /** An orderly end. The data stays. */
  close(): Promise<void>
}

const START_MS = 60_000
const STOP_MS = 20_000
const searched = ['/usr/sbin', '/usr/bin', '/usr/libexec', '/usr/local/sbin', '/usr/local/bin', '/usr/local/mysql/bin']

/** null: not installed (Debian: `apt-get install mariadb-server`). */
export function findMariadb(): { server: string; install: string } | null {
  const find = (name: string) => searched.map((folder) => join(folder, name)).find((file) => existsSync(file))
  const [server, install] = [find('mariadbd'), find('mariadb-install-db')]
  return server === undefined || install === undefined ? null : { server, install }
}

/**
 * @param folder made when missing; what it holds is kept
 * @param again settings of an earlier start, to come back under the same port and password
 * @throws PonteError `coreintegrator.no_mariadb`, `coreintegrator.mariadb_failed`
 */
export async function startPrivateMariadb(folder: string, again?: DatabaseSettings): Promise<PrivateMariadb> {
  const found = findMariadb()
  if (found === null)
    throw new PonteError('coreintegrator.no_mariadb', 'there is no MariaDB on this machine', {
      hint: 'apt-get install mariadb-server, or set DB_HOST, DB_USER, DB_PASSWORD and DB_NAME to a MySQL that runs',
      exitCode: 2,
    })
  const data = join(folder, 'data')
  const user = userInfo().username
  mkdirSync(folder, { recursive: true, mode: 0o750 })
  await endForgotten(data)
  if (!existsSync(join(data, 'mysql'))) await install(found.install, data, user)

  // The path of a socket may have 107 characters at most.
  const place = mkdtempSync(join(tmpdir(), 'ponte-mariadb-'))
  const [socket, init] = [join(place, 'mysql.sock'), join(place, 'init.sql')]
  const settings = again ?? { host: '127.0.0.1', port: await freePort(), user: 'integration', password: newPassword(), name: 'erp_db' }
  writeFileSync(init, initSql(settings), { mode: 0o600 })
  const child = spawn(
    found.server,
    [
      '--no-defaults',
      `--datadir=${data}`,
      `--user=${user}`,
      `--socket=${socket}`,
      `--pid-file=${join(data, 'ponte.pid')}`,
      `--init-file=${init}`,
      '--bind-address=127.0.0.1',
      `--port=${settings.port}`,
      '--skip-name-resolve',
      `--log-error=${join(folder, 'mariadb.log')}`,
    ],
    { stdio: 'ignore' },
  )
  const close = async () => {
    await end(child)
    rmSync(place, { recursive: true, force: true })
  }
  try {
    await answers(child, settings, folder)
  } catch (error) {
    await close()
    throw error
  }
  rmSync(init)
  return { settings, socket, close }
}

const newPassword = () => randomBytes(18).toString('base64url')

/** Ends a server that a killed demonstration left in the folder, and removes all of it. */
export async function removePrivateMariadb(folder: string): Promise<void> {
  await endForgotten(join(folder, 'data'))
  rmSync(folder, { recursive: true, force: true })
}

/** A user for this database alone (D-78). */
function initSql({ name, user, password }: DatabaseSettings): string {
  return [
    `create database if not exists ${name} character set utf8mb4;`,
    `create or replace user ${user}@'127.0.0.1' identified by '${password}';`,
    `grant all on ${name}.* to ${user}@'127.0.0.1';`,
    '',
  ].join('\n')
}

async function install(command: string, data: string, user: string): Promise<void> {
  try {
    await promisify(execFile)(command, [
      '--no-defaults',
      `--datadir=${data}`,
      `--user=${user}`,
      '--auth-root-authentication-method=socket',
      `--auth-root-socket-user=${user}`,
      '--skip-test-db',
    ])
  } catch (cause) {
    throw failed('a data folder for MariaDB could not be made', data, cause)
  }
}

/** Its own user gets in only after the init file has been read. */
async function answers(child: ChildProcess, settings: DatabaseSettings, folder: string): Promise<void> {
  const { host, port, user, password, name } = settings
  for (const until = performance.now() + START_MS; ; ) {
    if (child.exitCode !== null || child.signalCode !== null) throw failed('MariaDB did not start', join(folder, 'mariadb.log'))
    try {
      const connection = await mysql.createConnection({ host, port, user, password, database: name })
      return await connection.end()
    } catch (cause) {
      if (performance.now() > until) throw failed('MariaDB did not answer', join(folder, 'mariadb.log'), cause)
      await sleep(100)
    }
  }
}

/** A server that a killed demonstration left behind holds the folder: it is ours, so it is ended. */
async function endForgotten(data: string): Promise<void> {
  const pid = Number(read(join(data, 'ponte.pid')))
  if (!(pid > 1) || !read(`/proc/${pid}/cmdline`).includes(`--datadir=${data}\0`)) return
  process.kill(pid, 'SIGTERM')
  const until = performance.now() + STOP_MS
  while (performance.now() < until && existsSync(`/proc/${pid}`)) await sleep(100)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await ended
  clearTimeout(timer)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function failed(what: string, where: string, cause?: unknown): PonteError {
  return new PonteError('coreintegrator.mariadb_failed', what, { hint: `look at ${where}`, ...(cause === undefined ? {} : { cause }) })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
