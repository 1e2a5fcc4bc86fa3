/** The simulated Oracle as commands start it: a MariaDB of its own or a named one, the wire before it, and what it begins with. */
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import type { Closer } from '../../cli/closer.ts'
import { migrateOracleErp } from '../../connectors/erp/dialects/oracle/install.ts'
import { startPrivateServer } from '../../connectors/mysql/private-server.ts'
import { openDemoDatabase } from '../demo-data/database/open-database.ts'
import { loadDemoData } from '../demo-data/load.ts'
import { prepareForOracle } from '../simulators/oracle-schema/load.ts'
import { forMariaDb } from '../simulators/oracle-schema/rewrite.ts'
import { mariadbBackend } from '../simulators/oracle-wire/mariadb/backend.ts'
import { type OracleSimulator, startOracleSimulator } from '../simulators/oracle-wire/simulator.ts'

export interface OracleOptions {
  readonly port: number
  readonly user: string
  readonly password: string
  readonly service: string
  /** Where a MariaDB of its own keeps its data, in a folder `mariadb`. */
  readonly data: string
  /** Another one instead: mysql://... */
  readonly mariadb?: string
  readonly refuseFlashback: boolean
}

/** @throws PonteError `mysql.*`, `simulator.oracle_schema`; the system's own error when the port is taken */
export async function startOracle(options: OracleOptions, closer: Closer): Promise<{ url: string; simulator: OracleSimulator }> {
  const { port, user, password, service } = options
  const database = options.mariadb ?? (await ownMariadb(options.data, closer))
  const owner = await mysql.createConnection(database)
  await prepareForOracle(owner).finally(() => owner.end())
  const simulator = await startOracleSimulator({
    backend: mariadbBackend({
      url: database,
      flashback: options.refuseFlashback ? 'refused' : 'kept',
      ddl: (statement) => forMariaDb(statement).sql,
    }),
    port,
    service,
    users: { [user]: password },
  })
  closer.add(() => simulator.close())
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`
  return { url: `oracle://${login}@127.0.0.1:${simulator.port}/${encodeURIComponent(service)}`, simulator }
}

async function ownMariadb(folder: string, closer: Closer): Promise<string> {
  const server = await startPrivateServer(join(folder, 'mariadb'), {
    instead: 'name one that runs with --mariadb',
    // For user_tab_modifications, by which the demo counts what its idle cycles write.
    flags: ['--userstat=1'],
  })
  closer.add(() => server.close())
  return server.url
}

/** Installs or upgrades the schema through the wire, and loads demo data when there is none. `branches` 0: no data. */
export async function fillErp(
  url: string,
  { branches, seed, signal }: { branches: number; seed: number; signal: AbortSignal },
  onProgress: (branches: number) => void,
): Promise<void> {
  await migrateOracleErp(url)
  const erp = await openDemoDatabase(url)
  try {
    const [held] = await erp.rows('select count(*) as n from branches')
    if (branches === 0 || Number(held!.n) > 0) return
    const today = new Date().toISOString().slice(0, 10)
    await loadDemoData(erp, { branches, seed, today, signal }, (progress) => onProgress(progress.branches))
  } finally {
    await erp.close()
  }
}
