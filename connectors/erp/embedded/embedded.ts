/**
 * A PostgreSQL of our own, for the demo and for Ponte's state: one server per data folder, shared by every ponte process.
 *
 *   no cluster ──initdb──► stopped ──pg_ctl──► running ◄── adopted by whoever comes next, also after a SIGKILL of its parent
 *                             ▲                   │
 *                             └── the last one out ┘
 *
 * Everyone who uses the server keeps one session open that holds a shared advisory lock; who wants to stop it must get the
 * same lock exclusively. So a server is never stopped under another process, and nothing stays locked when one is killed.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { PonteError } from '../../../base/error.ts'
import { ensureCluster, hasPrograms, runningPort, type ServerFlags, startServer, stopServer } from './cluster.ts'
import { type Home, prepareHome } from './home.ts'

export interface EmbeddedOptions {
  /** Wanted folder of the data; when its server account cannot reach it (root under a 0700 home), /var/lib/ponte/<hash> is used. */
  readonly dataDir: string
  /** Databases to create when missing. Default `ponte_erp`, `ponte_state`. */
  readonly databases?: readonly string[]
  /** Server settings for a server that is started by this call. */
  readonly flags?: ServerFlags
}

export interface Embedded {
  /** postgres:// URL of one of its databases, password included: never log it. */
  url(database: string): string
  /** The server was running before. */
  readonly adopted: boolean
  /** Stops the server unless someone else uses it. May be called twice. */
  stop(): Promise<void>
}

/** The type declarations of pg lack these two. */
interface Handle {
  ref(): void
  unref(): void
}
type Keeper = pg.Client & Handle

const START_LIMIT_MS = 90_000
/** Advisory lock of the database `postgres`: shared by users, exclusive for the one who stops. */
const IN_USE = 0x706f6e74

/**
 * Starts or adopts the server of `dataDir`. First start takes seconds, adoption milliseconds.
 * @throws PonteError `erp.embedded_platform` | `_account` | `_folder` | `_init` | `_start` | `_password`
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const home = await prepareHome(options.dataDir)
  const password = await ensureCluster(home, options.flags ?? {})
  const { keeper, port, adopted } = await enter(home, password, options.flags ?? {})
  const url = (database: string) => `postgres://ponte:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`
  await createDatabases(keeper, options.databases ?? ['ponte_erp', 'ponte_state'])
  // Only now: nothing else may keep the process alive while this call works.
  keeper.unref()
  let stopped: Promise<void> | undefined
  return {
    url,
    adopted,
    stop() {
      stopped ??= leave(home, keeper)
      return stopped
    },
  }
}

/** Gets a session that holds the shared lock, starting the server as often as needed. */
async function enter(home: Home, password: string, flags: ServerFlags): Promise<{ keeper: Keeper; port: number; adopted: boolean }> {
  const deadline = Date.now() + START_LIMIT_MS
  let adopted = true
  let lastError: unknown
  while (Date.now() < deadline) {
    const port = await runningPort(home)
    if (port === undefined) {
      if ((await startServer(home, flags)) === 'started') adopted = false
      continue
    }
    const keeper = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'ponte',
      password,
      database: 'postgres',
      application_name: 'ponte-keeper',
    }) as Keeper
    // The keeper is only held; whoever works on the server sees a failure of it in their own session.
    keeper.on('error', () => {})
    try {
      if (port === 0) throw new Error('the server is still starting')
      await keeper.connect()
      const { rows } = await keeper.query<{ ok: boolean }>('select pg_try_advisory_lock_shared($1) as ok', [IN_USE])
      if (rows[0]?.ok !== true) throw new Error('the server is being stopped by another process')
      if (await hasPrograms(home)) return { keeper, port, adopted }
      await leave(home, keeper)
      throw new Error('the folder that the server was started from is gone, and others still use it')
    } catch (error) {
      lastError = error
      await keeper.end().catch(() => {})
      if ((error as { code?: string }).code === '28P01') throw wrongPassword(error)
      await sleep(50)
    }
  }
  throw new PonteError('erp.embedded_start', `the embedded database did not answer within ${START_LIMIT_MS / 1000} s`, {
    hint: 'look at server.log in its data folder; end a hanging postgres process there and start again',
    cause: lastError,
  })
}

async function leave(home: Home, keeper: Keeper): Promise<void> {
  keeper.ref()
  try {
    const { rows } = await keeper.query<{ alone: boolean }>('select pg_advisory_unlock_shared($1), pg_try_advisory_lock($1) as alone', [
      IN_USE,
    ])
    if (rows[0]?.alone === true && !(await hasOtherClients(keeper))) await stopServer(home)
  } catch {
    // The server is gone already: nothing is left to stop.
  } finally {
    await keeper.end().catch(() => {})
  }
}

/** Sessions that were closed a moment ago linger in the server's list, so it is asked for up to a second. */
async function hasOtherClients(keeper: pg.Client): Promise<boolean> {
  for (let round = 0; round < 20; round += 1) {
    const { rows } = await keeper.query<{ n: number }>(
      "select count(*)::int as n from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
    )
    if (rows[0]?.n === 0) return false
    await sleep(50)
  }
  return true
}

async function createDatabases(keeper: pg.Client, databases: readonly string[]): Promise<void> {
  for (const database of databases) {
    const { rowCount } = await keeper.query('select from pg_database where datname = $1', [database])
    if (rowCount !== 0) continue
    try {
      await keeper.query(`create database ${keeper.escapeIdentifier(database)}`)
    } catch (error) {
      // Another process created it in between.
      if (!['42P04', '23505'].includes((error as { code?: string }).code ?? '')) throw error
    }
  }
}

function wrongPassword(cause: unknown): PonteError {
  return new PonteError('erp.embedded_password', 'the embedded database refuses its own password', {
    hint: 'pg/ponte.password in its data folder was changed: restore it, or move the data folder away to begin anew',
    cause,
  })
}
