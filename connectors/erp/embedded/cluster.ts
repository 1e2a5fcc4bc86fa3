/** One embedded cluster on disk: making it, starting and stopping its server, and who runs it now. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, mkdir, readdir, readFile, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { PonteError } from '../../../base/error.ts'
import type { Home } from './home.ts'

/** Server settings, e.g. `{ fsync: 'off' }`. */
export type ServerFlags = Readonly<Record<string, string>>

const INITDB = [
  '--username=ponte',
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
]
const PASSWORD = 'ponte.password'
const PORT = 'ponte.port'

function clusterFolder(home: Home): string {
  return join(home.dataDir, 'pg')
}

/**
 * Makes the cluster when there is none. It is built aside, password included, and appears by one rename: of two processes
 * one wins and the other uses the winner's, and a kill leaves only a folder that is swept later.
 * @returns the password of user `ponte`
 * @throws PonteError `erp.embedded_init`
 */
export async function ensureCluster(home: Home, flags: ServerFlags): Promise<string> {
  const cluster = clusterFolder(home)
  const known = await readFile(join(cluster, PASSWORD), 'utf8').catch(() => undefined)
  if (known !== undefined) return known
  await sweep(home)
  const part = join(home.dataDir, `init.${randomBytes(6).toString('hex')}`)
  const password = randomBytes(24).toString('base64url')
  await mkdir(part, { mode: 0o700 })
  await writeFile(join(part, PASSWORD), password, { mode: 0o600 })
  await give(home, part)
  await give(home, join(part, PASSWORD))
  const made = await execute(home, 'initdb', [
    ...INITDB,
    ...(flags.fsync === 'off' ? ['--no-sync'] : []),
    `--pwfile=${join(part, PASSWORD)}`,
    `--pgdata=${join(part, 'pg')}`,
  ])
  if (made.code !== 0) {
    await rm(part, { recursive: true, force: true })
    throw new PonteError('erp.embedded_init', 'the embedded database could not be created', {
      hint: 'check room and rights of the data folder; the cause holds what initdb said',
      cause: new Error(made.output),
    })
  }
  await rename(join(part, PASSWORD), join(part, 'pg', PASSWORD))
  await rename(join(part, 'pg'), cluster).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
  await rm(part, { recursive: true, force: true })
  return readFile(join(cluster, PASSWORD), 'utf8')
}

/**
 * The port of the server that runs this cluster now, whoever started it; undefined when none does. A pid file whose
 * process is gone, or is something else by now, is put away.
 */
export async function runningPort(home: Home): Promise<number | undefined> {
  const file = join(clusterFolder(home), 'postmaster.pid')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const [pid, , , port] = text.split('\n')
  if (await isServerOf(Number(pid), clusterFolder(home))) return Number(port) || 0
  const aside = `${file}.${randomBytes(4).toString('hex')}`
  await rename(file, aside).catch(() => {})
  // Between reading and renaming another process may have started a server: its file goes back.
  const moved = await readFile(aside, 'utf8').catch(() => undefined)
  if (moved !== undefined && moved !== text) await rename(aside, file)
  else await rm(aside, { force: true })
  return undefined
}

/** Tries to start the server; `other` when another process was quicker. @throws PonteError `erp.embedded_start` */
export async function startServer(home: Home, flags: ServerFlags): Promise<'started' | 'other'> {
  const cluster = clusterFolder(home)
  const portFile = join(cluster, PORT)
  const remembered = Number(await readFile(portFile, 'utf8').catch(() => '0'))
  const port = remembered > 0 && (await isFree(remembered)) ? remembered : await freePort()
  const settings = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '', timezone: 'UTC', jit: 'off', ...flags }
  const options = Object.entries(settings).map(([name, value]) => `-c ${quote(`${name}=${value}`)}`)
  const log = join(home.dataDir, 'server.log')
  const started = await execute(home, 'pg_ctl', ['start', '-D', cluster, '-l', log, '-w', '-t', '60', '-o', options.join(' ')])
  if (started.code === 0) {
    await writeFile(portFile, String(port), { mode: 0o600 })
    return 'started'
  }
  if ((await runningPort(home)) !== undefined) return 'other'
  const lastWords = (await readFile(log, 'utf8').catch(() => '')).slice(-2000)
  throw new PonteError('erp.embedded_start', 'the embedded database did not start', {
    hint: 'check room and rights of the data folder; the cause holds the last lines of server.log there',
    cause: new Error(`${started.output}\n${lastWords}`),
  })
}

/** Stops the server in an orderly way, ending its sessions. */
export async function stopServer(home: Home): Promise<void> {
  await execute(home, 'pg_ctl', ['stop', '-D', clusterFolder(home), '-m', 'fast', '-w', '-t', '60'])
}

/** A server works in its cluster's folder; that tells it from a stranger that was given its number again. */
async function isServerOf(pid: number, cluster: string): Promise<boolean> {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  if (process.platform !== 'linux') return true
  const works = await readlink(`/proc/${pid}/cwd`).catch(() => undefined)
  return works !== undefined && works === (await realpath(cluster))
}

/**
 * Whether the programs of the running server still lie on the disk. When the folder they were started from was deleted, the server goes on
 * but can load nothing any more, plpgsql first of all.
 */
export async function hasPrograms(home: Home): Promise<boolean> {
  if (process.platform !== 'linux') return true
  const pid = await readFile(join(clusterFolder(home), 'postmaster.pid'), 'utf8').then((text) => text.split('\n')[0])
  const program = await readlink(`/proc/${pid}/exe`)
  // Deleted, and perhaps installed anew at the same place.
  return existsSync(program.replace(/ \(deleted\)$/, ''))
}

/** Folders of an initdb that was killed; young ones may belong to a process at work. */
async function sweep(home: Home): Promise<void> {
  for (const name of await readdir(home.dataDir)) {
    const path = join(home.dataDir, name)
    if (name.startsWith('init.') && Date.now() - (await stat(path)).mtimeMs > 600_000) await rm(path, { recursive: true, force: true })
  }
}

async function give(home: Home, path: string): Promise<void> {
  if (home.account !== undefined) await chown(path, home.account.uid, home.account.gid)
}

function execute(home: Home, program: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const { promise, resolve, reject } = withResolvers<{ code: number | null; output: string }>()
  const child = spawn(join(home.bin, program), args, {
    ...home.account,
    cwd: home.dataDir,
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.on('error', reject)
  child.on('exit', (code) => resolve({ code, output: output.trim() }))
  return promise
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  return { promise, resolve, reject }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function freePort(): Promise<number> {
  return listen(0)
}

async function isFree(port: number): Promise<boolean> {
  return listen(port).then(
    () => true,
    () => false,
  )
}

function listen(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
