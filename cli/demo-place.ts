/** Where the demo works: a folder and two databases of its own, emptied first. It never touches what an operator configured. */
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { startEmbedded } from '../connectors/erp/embedded.ts'
import type { Settings } from '../deploy/env.ts'
import type { Closer } from './closer.ts'

export interface Place {
  readonly folder: string
  readonly settings: Settings
  readonly erp: pg.Pool
}

export async function freshPlace(settings: Settings, closer: Closer): Promise<Place> {
  const folder = resolve('data/demo')
  const server = await startEmbedded({ dataDir: resolve('data/embedded'), databases: [] })
  closer.add(() => server.stop())
  const admin = new pg.Pool({ connectionString: server.url('postgres'), max: 1 })
  try {
    for (const database of ['demo_erp', 'demo_state']) {
      await admin.query(`drop database if exists ${database} with (force)`)
      await admin.query(`create database ${database}`)
    }
  } finally {
    await admin.end()
  }
  await rm(folder, { recursive: true, force: true })
  const erp = new pg.Pool({ connectionString: server.url('demo_erp'), max: 4 })
  erp.on('error', () => {})
  closer.add(() => erp.end())
  return {
    folder,
    erp,
    settings: {
      ...settings,
      erpUrl: server.url('demo_erp'),
      stateUrl: server.url('demo_state'),
      queueRoot: join(folder, 'queue'),
      stateDir: join(folder, 'state'),
      logFile: join(folder, 'ponte.log'),
    },
  }
}
