/** An embedded PostgreSQL for one run of the laboratory: each experiment gets an ERP and a state database, copied from migrated ones. */
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbedded } from '../../connectors/erp/embedded.ts'
import { seedReference } from '../../jobs/testing/small-erp.ts'
import { start } from './programs.ts'

export interface Cluster {
  /** A new pair of databases. @returns their addresses */
  pair(): Promise<{ erp: string; state: string }>
  stop(): Promise<void>
}

/** Kills of programs are proven here, not power cuts: without fsync the machine's disk does not set the pace. */
const flags = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' }

/** @param main the compiled command, which installs the schemas as it does for everybody */
export async function openCluster(folder: string, main: string): Promise<Cluster> {
  mkdirSync(folder, { recursive: true })
  // Run by root, the server lives under an account that must come through here.
  chmodSync(folder, 0o711)
  const embedded = await startEmbedded({ dataDir: join(folder, 'postgres'), databases: ['erp', 'state'], flags })
  const env = { DATABASE_URL: embedded.url('erp'), STATE_DATABASE_URL: embedded.url('state'), STATE_DIR: join(folder, 'migrate') }
  const migrated = await start(process.execPath, [main, 'migrate', '--json'], env).ended
  if (migrated.code !== 0) throw new Error(`ponte migrate failed: ${migrated.stdout}${migrated.stderr}`)
  await withClient(embedded.url('erp'), (client) => seedReference(client))
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
    stop: () => embedded.stop(),
  }
}

async function withClient(url: string, use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await use(client).finally(() => client.end())
}
