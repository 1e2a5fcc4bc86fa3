/** The real driver against a simulator of its own. */
import oracledb from 'oracledb'
import { type Script, scriptedBackend } from '../scripted-backend.ts'
import { type OracleSimulator, type OracleSimulatorSettings, startOracleSimulator } from '../simulator.ts'

export interface Rig {
  readonly simulator: OracleSimulator
  connect(attributes?: Partial<oracledb.ConnectionAttributes>): Promise<oracledb.Connection>
  /** Runs `work` with a connection of its own. */
  session<T>(work: (connection: oracledb.Connection) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export const credentials = { user: 'ponte', password: 'Senha çom "aspas"' }

export async function openRig(
  scripts: readonly Script[] | OracleSimulatorSettings['backend'],
  settings: Partial<OracleSimulatorSettings> = {},
): Promise<Rig> {
  const backend = 'open' in scripts ? scripts : scriptedBackend(scripts)
  const simulator = await startOracleSimulator({ backend, users: { [credentials.user]: credentials.password }, ...settings })
  const connect = (attributes: Partial<oracledb.ConnectionAttributes> = {}) =>
    oracledb.getConnection({ ...credentials, connectString: simulator.connectString, ...attributes })
  return {
    simulator,
    connect,
    async session(work) {
      const connection = await connect()
      try {
        return await work(connection)
      } finally {
        await connection.close().catch(() => {})
      }
    },
    close: () => simulator.close(),
  }
}

/** NUMBER and CLOB as strings: how a bridge that must be exact reads. */
export const exact: oracledb.ExecuteOptions = {
  fetchTypeHandler: ({ dbType }) =>
    dbType === oracledb.DB_TYPE_NUMBER || dbType === oracledb.DB_TYPE_CLOB ? { type: oracledb.STRING } : undefined,
}
