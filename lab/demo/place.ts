/** Where the demo works: a folder and two databases of its own, emptied first. It never touches what an operator configured. */
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import pg from 'pg'
import type { Closer } from '../../cli/closer.ts'
import { startEmbedded } from '../../connectors/erp/embedded/embedded.ts'
import type { Settings } from '../../deploy/env.ts'
import type { DemoDatabase } from '../demo-data/database/database.ts'
import { openDemoDatabase } from '../demo-data/database/open-database.ts'
import { type DemoServerName, demoServers, mariadbFolder } from './servers.ts'

export interface Place {
  readonly folder: string
  readonly settings: Settings
  readonly erp: DemoDatabase
}

/** @throws PonteError of the server that is wanted: `erp.embedded_*`, `mysql.not_installed`, `mysql.server_failed` */
export async function freshPlace(settings: Settings, on: DemoServerName, closer: Closer): Promise<Place> {
  const folder = resolve('data/demo')
  const embedded = await startEmbedded({ dataDir: resolve('data/embedded'), databases: [] })
  closer.add(() => embedded.stop())
  await renew(embedded.url('postgres'), ['demo_erp', 'demo_state'])
  // A killed demo's server would go on without its folder. Loaded here, so that other commands start without the driver of MySQL.
  const { removePrivateServer } = await import('../../connectors/mysql/private-server.ts')
  await removePrivateServer(join(folder, mariadbFolder))
  await rm(folder, { recursive: true, force: true })
  const erpUrl = await demoServers[on].open({ folder, embedded, closer })
  const erp = await openDemoDatabase(erpUrl)
  closer.add(() => erp.close())
  return {
    folder,
    erp,
    settings: {
      ...settings,
      erpUrl,
      stateUrl: embedded.url('demo_state'),
      queueRoot: join(folder, 'queue'),
      stateDir: join(folder, 'state'),
      logFile: join(folder, 'ponte.log'),
    },
  }
}

async function renew(url: string, databases: readonly string[]): Promise<void> {
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  try {
    for (const database of databases) {
      await admin.query(`drop database if exists ${database} with (force)`)
      await admin.query(`create database ${database}`)
    }
  } finally {
    await admin.end()
  }
}
