/**
 * Databases for tests: one shared server per user of the machine, with durability off, and a fresh database per call,
 * copied from a template that holds the migrated schema. The server is left running for the next test run; it is a
 * normal embedded server (`ponte-test-<uid>` below the folder for temporary files, or /var/lib/ponte for root).
 */
import { createHash, randomBytes } from 'node:crypto'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { migrate } from '../../pg/migrate.ts'
import { readMigrations } from '../../pg/migration-files.ts'
import { type Embedded, startEmbedded } from '../embedded/embedded.ts'

export interface TestDatabase {
  readonly url: string
  readonly pool: pg.Pool
  /** Ends the pool and drops the database, whoever is connected. */
  drop(): Promise<void>
}

const FLAGS = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', max_connections: '300', autovacuum: 'off' }
/** Left behind by tests that were killed, in milliseconds. */
const STALE_AFTER = 3_600_000
/** Advisory lock for building templates. */
const BUILDING = 0x746d706c

let server: Promise<Embedded> | undefined

/**
 * A database of its own, in under 300 ms once its template exists. `migrate`: schema folders to install.
 * Databases that no one dropped are swept after an hour.
 */
export async function testDatabase(options: { migrate?: readonly URL[] } = {}): Promise<TestDatabase> {
  const embedded = await testServer()
  const name = `ponte_test_${Date.now()}_${randomBytes(5).toString('hex')}`
  await asAdmin(embedded, async (admin) => {
    const template = await ensureTemplate(embedded, admin, options.migrate ?? [])
    await admin.query(`create database ${name} template ${template}`)
  })
  const pool = new pg.Pool({ connectionString: embedded.url(name), max: 10 })
  // `drop` ends sessions of the pool from outside.
  pool.on('error', () => {})
  return {
    url: embedded.url(name),
    pool,
    async drop() {
      await pool.end()
      await asAdmin(embedded, (admin) => admin.query(`drop database if exists ${name} with (force)`))
    },
  }
}

/** The shared server; started or adopted once per process. */
export function testServer(): Promise<Embedded> {
  server ??= startTestServer()
  return server
}

async function startTestServer(): Promise<Embedded> {
  const base = process.getuid?.() === 0 ? '/var/lib/ponte' : tmpdir()
  const embedded = await startEmbedded({ dataDir: join(base, `ponte-test-${userInfo().uid}`), databases: [], flags: FLAGS })
  await asAdmin(embedded, async (admin) => {
    const { rows } = await admin.query<{ datname: string }>("select datname from pg_database where datname ~ '^ponte_test_[0-9]+_'")
    const stale = rows.filter(({ datname }) => Date.now() - Number(datname.split('_')[2]) > STALE_AFTER)
    for (const { datname } of stale) await admin.query(`drop database if exists ${datname} with (force)`)
  })
  return embedded
}

/** Name of a database that holds these schemas; built aside and renamed, so it is whole or absent. */
async function ensureTemplate(embedded: Embedded, admin: pg.Client, folders: readonly URL[]): Promise<string> {
  if (folders.length === 0) return 'template0'
  const fingerprint = createHash('md5')
  for (const folder of folders) {
    for (const file of (await readMigrations(folder)).files) fingerprint.update(`${file.name} ${file.md5}\n`)
  }
  const name = `ponte_template_${fingerprint.digest('hex')}`
  const exists = async () => (await admin.query('select from pg_database where datname = $1', [name])).rowCount === 1
  if (await exists()) return name
  await admin.query('select pg_advisory_lock($1)', [BUILDING])
  try {
    if (await exists()) return name
    const part = `${name}_part`
    await admin.query(`drop database if exists ${part} with (force)`)
    await admin.query(`create database ${part} template template0`)
    const pool = new pg.Pool({ connectionString: embedded.url(part), max: 1 })
    try {
      for (const folder of folders) await migrate(pool, folder)
    } finally {
      await pool.end()
    }
    await admin.query(`alter database ${part} rename to ${name}`)
    return name
  } finally {
    await admin.query('select pg_advisory_unlock($1)', [BUILDING])
  }
}

async function asAdmin<T>(embedded: Embedded, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: embedded.url('postgres') })
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}
