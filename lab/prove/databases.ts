/** An embedded PostgreSQL for one run of the laboratory: each experiment gets an ERP and a state database, copied from migrated ones. */
import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { startEmbedded } from '../../connectors/erp/embedded/embedded.ts'
import { seedReference } from '../../jobs/testing/small-erp.ts'
import { start, until } from './programs.ts'

export interface Cluster {
  /** A new pair of databases. @returns their addresses */
  pair(): Promise<{ erp: string; state: string }>
  /** SIGKILL to the server; its sessions end with it. */
  crash(): Promise<void>
  /** After a crash, at the same address. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Kills of programs are proven here, not power cuts: without fsync the machine's disk does not set the pace. */
const flags = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' }

/** @param main the compiled command, which installs the schemas as it does for everybody */
export async function openCluster(folder: string, main: string): Promise<Cluster> {
  mkdirSync(folder, { recursive: true })
  // Run by root, the server lives under an account that must come through here.
  chmodSync(folder, 0o711)
  const settings = { dataDir: join(folder, 'postgres'), databases: ['erp', 'state'], flags }
  let embedded = await startEmbedded(settings)
  const env = { DATABASE_URL: embedded.url('erp'), STATE_DATABASE_URL: embedded.url('state'), STATE_DIR: join(folder, 'migrate') }
  const migrated = await start(process.execPath, [main, 'migrate', '--json'], env).ended
  if (migrated.code !== 0) throw new Error(`ponte migrate failed: ${migrated.stdout}${migrated.stderr}`)
  await withClient(embedded.url('erp'), (client) => seedReference(client))
  const data = await withClient(
    embedded.url('postgres'),
    async (client) => (await client.query('show data_directory')).rows[0].data_directory,
  )
  let pairs = 0
  return {
    async pair() {
      const names = { erp: `erp_${++pairs}`, state: `state_${pairs}` }
      await withClient(embedded.url('postgres'), async (client) => {
        await client.query(`create database ${names.erp} template erp`)
        await client.query(`create database ${names.state} template state`)
      })
      return { erp: embedded.url(names.erp), state: embedded.url(names.state) }
    },
    async crash() {
      const postmaster = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0])
      process.kill(postmaster, 'SIGKILL')
    },
    async restart() {
      // The sessions of the dead server take a moment to notice.
      const started = await until(30, () => startEmbedded(settings).catch(() => null))
      if (started === null) throw new Error('the database does not start again')
      embedded = started
    },
    async stop() {
      await embedded.stop()
      rmSync(dirname(data), { recursive: true, force: true })
    },
  }
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return use(client).finally(() => client.end())
}
