/** The simulator on a real MariaDB, with a schema of its own. */
import { testMariaDb } from '../../../../connectors/mysql/testing.ts'
import { mariadbBackend, oracleMode } from '../mariadb/backend.ts'
import type { MariadbSettings } from '../mariadb/settings.ts'
import { openRig, type Rig } from './driver.ts'

export interface MariaRig extends Rig {
  /** Runs one statement straight on MariaDB, in Oracle mode, beside the wire. */
  direct(sql: string): Promise<Record<string, unknown>[]>
}

/** `setup`: statements of MariaDB's Oracle mode, run before anyone connects. */
export async function openMariaRig(setup: readonly string[] = [], settings: Omit<MariadbSettings, 'url'> = {}): Promise<MariaRig> {
  const database = await testMariaDb({ sqlMode: oracleMode })
  const direct = async (sql: string) => (await database.pool.query(sql))[0] as Record<string, unknown>[]
  for (const sql of setup) await direct(sql)
  const rig = await openRig(mariadbBackend({ url: database.url, ...settings }))
  return {
    ...rig,
    direct,
    async close() {
      await rig.close()
      await database.drop()
    },
  }
}
