/**
 * A MariaDB of our own for demos and simulators: on a free port of 127.0.0.1, in a folder, ended with us. Killed with SIGKILL we leave the
 * server running; whoever starts or removes one in the same folder ends it first (Linux: it is known by its process id and folder).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import { PonteError } from '../../base/error.ts'
import { findMariadb, freePort, makeDataFolder, type Programs } from './programs.ts'

/** Holds a password: never log it. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** Of the database. */
  readonly name: string
}

export interface PrivateServer {
  readonly settings: ServerAddress
  /** The same as mysql://user:password@host:port/database. */
  readonly url: string
  /** For the client `mysql`, which needs no password there: only this user of the machine may come in. */
  readonly socket: string
  /** An orderly end. The data stays. */
  close(): Promise<void>
}

export interface PrivateServerOptions {
  /** Settings of an earlier start, to come back under the same port and password. */
  readonly again?: ServerAddress
  /** What somebody without MariaDB could do instead of installing it: the second half of the hint. */
  readonly instead?: string
  /** Its user has all rights on its database; rights beyond it, as GRANT names them. */
  readonly rights?: readonly string[]
  readonly flags?: readonly string[]
  /** Default: what is installed; null: nothing is. */
  readonly programs?: Programs | null
}

const START_MS = 60_000
const STOP_MS = 20_000

/**
 * @param folder made when missing; what it holds is kept
 * @throws PonteError `mysql.not_installed` (exit 2), `mysql.server_failed`
 */
export async function startPrivateServer(folder: string, options: PrivateServerOptions = {}): Promise<PrivateServer> {
  const programs = options.programs === undefined ? findMariadb() : options.programs
  if (programs === null) throw notInstalled(options.instead)
  const [data, log] = [resolve(folder, 'data'), resolve(folder, 'mariadb.log')]
  const account = userInfo().username
  mkdirSync(folder, { recursive: true, mode: 0o750 })
  await endForgotten(data)
  if (!existsSync(join(data, 'mysql'))) {
    const asUs = [`--user=${account}`, '--auth-root-authentication-method=socket', `--auth-root-socket-user=${account}`]
    await makeDataFolder(programs, data, asUs).catch((cause) => {
      throw failed('a data folder for MariaDB could not be made', data, cause)
    })
  }

  // The path of a socket may have 107 characters at most.
  const place = mkdtempSync(join(tmpdir(), 'ponte-mariadb-'))
  const [socket, init] = [join(place, 'mysql.sock'), join(place, 'init.sql')]
  const settings = options.again ?? {
    host: '127.0.0.1',
    port: await freePort(),
    user: 'integration',
    password: randomBytes(18).toString('base64url'),
    name: 'erp_db',
  }
  writeFileSync(init, initSql(settings, options.rights ?? []), { mode: 0o600 })
  const flags = [
    '--bind-address=127.0.0.1',
    `--port=${settings.port}`,
    '--skip-name-resolve',
    `--log-error=${log}`,
    ...(options.flags ?? []),
  ]
  const child = spawn(
    programs.server,
    [
      '--no-defaults',
      `--datadir=${data}`,
      `--user=${account}`,
      `--socket=${socket}`,
      `--pid-file=${pidFile(data)}`,
      `--init-file=${init}`,
      ...flags,
    ],
    { stdio: 'ignore' },
  )
  // One that could not be started has no process id, which is what `hasEnded` looks at.
  child.on('error', () => {})
  const close = async () => {
    await end(child)
    rmSync(place, { recursive: true, force: true })
  }
  try {
    await answers(child, settings, log)
  } catch (error) {
    await close()
    throw error
  }
  rmSync(init)
  return { settings, url: urlOf(settings), socket, close }
}

/** Ends a server that a killed process left in the folder, and removes all of it. */
export async function removePrivateServer(folder: string): Promise<void> {
  await endForgotten(resolve(folder, 'data'))
  rmSync(folder, { recursive: true, force: true })
}

const pidFile = (data: string) => join(data, 'ponte.pid')
const urlOf = ({ host, port, user, password, name }: ServerAddress) =>
  `mysql://${user}:${encodeURIComponent(password)}@${host}:${port}/${name}`

/** A user for this database alone. */
function initSql({ name, user, password }: ServerAddress, rights: readonly string[]): string {
  return [
    `create database if not exists ${name} character set utf8mb4;`,
    `create or replace user ${user}@'127.0.0.1' identified by '${password}';`,
    `grant all on ${name}.* to ${user}@'127.0.0.1';`,
    ...rights.map((right) => `grant ${right} on *.* to ${user}@'127.0.0.1';`),
    '',
  ].join('\n')
}

/** Its own user gets in only after the init file has been read. */
async function answers(child: ChildProcess, settings: ServerAddress, log: string): Promise<void> {
  const { host, port, user, password, name } = settings
  for (const until = performance.now() + START_MS; ; ) {
    if (hasEnded(child)) throw failed('MariaDB did not start', log)
    try {
      const connection = await mysql.createConnection({ host, port, user, password, database: name })
      return await connection.end()
    } catch (cause) {
      if (performance.now() > until) throw failed('MariaDB did not answer', log, cause)
      await sleep(100)
    }
  }
}

/** A server that a killed process left behind holds the folder: it is ours, so it is ended. */
async function endForgotten(data: string): Promise<void> {
  const pid = Number(read(pidFile(data)))
  const isOurs = () => pid > 1 && read(`/proc/${pid}/cmdline`).includes(`--datadir=${data}\0`)
  const until = performance.now() + STOP_MS
  for (let signal: NodeJS.Signals = 'SIGTERM'; isOurs(); await sleep(100)) {
    if (performance.now() > until) signal = 'SIGKILL'
    process.kill(pid, signal)
  }
}

const hasEnded = (child: ChildProcess) => child.pid === undefined || child.exitCode !== null || child.signalCode !== null

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
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

function notInstalled(instead: string | undefined): PonteError {
  return new PonteError('mysql.not_installed', 'there is no MariaDB on this machine', {
    hint: `apt-get install mariadb-server${instead === undefined ? '' : `, or ${instead}`}`,
    exitCode: 2,
  })
}

function failed(what: string, where: string, cause?: unknown): PonteError {
  return new PonteError('mysql.server_failed', what, { hint: `look at ${where}`, ...(cause === undefined ? {} : { cause }) })
}
