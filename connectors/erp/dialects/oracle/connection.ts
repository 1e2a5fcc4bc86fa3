/** Connections to an ERP on Oracle, all in the same state: exact numbers, UTC, ISO dates, bytewise comparison. */
import type { Socket } from 'node:net'
import oracledb from 'oracledb'
import { PonteError } from '../../../../base/error.ts'
import { within } from '../../../../base/within.ts'
import { closeWhenSilent } from '../../../silence.ts'
import { erpError, isLost } from './errors.ts'
import { addressOf, type OracleAddress, type OracleSettings } from './settings.ts'

/** Numbers become text with a point, and nothing depends on the language of the machine or the client. */
const SESSION = `alter session set nls_numeric_characters = '.,' nls_date_format = 'YYYY-MM-DD"T"HH24:MI:SS'
  nls_timestamp_format = 'YYYY-MM-DD"T"HH24:MI:SS.FF6' nls_sort = binary nls_comp = binary time_zone = '+00:00'`

/**
 * NUMBER and CLOB arrive as exact text. DATE and TIMESTAMP would be shown in the process's time zone, whose gaps swallow hours:
 * statements ask for them by `to_char`.
 */
export const exact: NonNullable<oracledb.ExecuteOptions['fetchTypeHandler']> = ({ dbType }) =>
  dbType === oracledb.DB_TYPE_NUMBER || dbType === oracledb.DB_TYPE_CLOB || dbType === oracledb.DB_TYPE_NCLOB
    ? { type: oracledb.STRING }
    : undefined

/** Connection and login of a session that is no pool's, which has a limit of its own. */
const LOGIN_LIMIT_MS = 20_000

export interface OraclePool {
  /** Lends a connection to `work`; one whose line was lost goes out of the pool. Errors come as the driver threw them. */
  lend<T>(work: (connection: oracledb.Connection) => Promise<T>): Promise<T>
  /** Waits for what is under way, some seconds at most. Safe to repeat. */
  close(): Promise<void>
}

/** A pool for commands. Opens no connection until one is asked for. @throws PonteError `erp.bad_url` */
export function commandPool(settings: OracleSettings): OraclePool {
  const address = addressOf(settings.url)
  let pool: Promise<oracledb.Pool> | undefined
  const opened = (): Promise<oracledb.Pool> => {
    pool ??= createPool(settings, address).catch((error) => {
      // The next command tries anew.
      pool = undefined
      throw error
    })
    return pool
  }
  return {
    async lend(work) {
      const connection = await (await opened()).getConnection()
      let lost = true
      try {
        // A timeout stays on a pooled connection: it is set each time.
        connection.callTimeout = limitOf(settings)
        if (address.mayBePooled) await prepare(connection, address)
        const result = await work(connection)
        lost = false
        return result
      } catch (error) {
        lost = isLost(error)
        throw error
      } finally {
        await connection.close({ drop: lost }).catch(() => {})
      }
    },
    async close() {
      const open = await pool?.catch(() => undefined)
      pool = undefined
      await open?.close(5).catch(() => {})
    },
  }
}

const limitOf = ({ statementTimeoutMs = 60_000 }: OracleSettings): number => statementTimeoutMs

/**
 * The thin driver's socket, which its types leave out: after a call's time the driver asks the server to stop, and waits for the answer for
 * ever. Undefined in thick mode.
 */
function socketOf(connection: oracledb.Connection): Socket | undefined {
  return (connection as unknown as { _impl?: { nscon?: { ntAdapter?: { stream?: Socket } } } })._impl?.nscon?.ntAdapter?.stream
}

async function createPool(settings: OracleSettings, address: OracleAddress): Promise<oracledb.Pool> {
  chooseMode(address)
  return oracledb.createPool({
    ...address.attributes,
    poolMin: 0,
    poolMax: settings.maxConnections ?? 4,
    poolIncrement: 1,
    // Seconds: idle ones go, and one that lay for a while is tried before it is lent.
    poolTimeout: 60,
    poolPingInterval: 10,
    poolPingTimeout: 5_000,
    queueTimeout: settings.queueTimeoutMs ?? 60_000,
    queueMax: 10_000,
    sessionCallback: (connection, _tag, done) => {
      const socket = socketOf(connection)
      if (socket !== undefined) closeWhenSilent(socket, limitOf(settings))
      prepare(connection, address).then(() => done(), done)
    },
  })
}

/** A connection of its own, in the same state as those of the pool. @throws the driver's error; PonteError `erp.bad_url` */
export async function openConnection(settings: OracleSettings): Promise<oracledb.Connection> {
  const address = addressOf(settings.url)
  chooseMode(address)
  const connection = await login(oracledb.getConnection(address.attributes))
  try {
    await prepare(connection, address)
    return connection
  } catch (error) {
    await connection.close({ drop: true }).catch(() => {})
    throw error
  }
}

/** A server that takes the connection and never answers the login. What comes of it later is closed. */
function login(opening: Promise<oracledb.Connection>): Promise<oracledb.Connection> {
  return within(LOGIN_LIMIT_MS, opening, () => {
    void opening.then((connection) => connection.close({ drop: true })).catch(() => {})
    return new PonteError('erp.unreachable', 'the ERP database does not answer the login', {
      hint: 'the server took the connection: look whether the instance hangs',
    })
  })
}

async function prepare(connection: oracledb.Connection, { schema }: OracleAddress): Promise<void> {
  connection.module = 'ponte'
  await connection.execute(schema === undefined ? SESSION : `${SESSION} current_schema = ${schema}`)
}

/** One process is thin or thick, not both. @throws PonteError `erp.client_missing` */
function chooseMode({ client }: OracleAddress): void {
  if (client === undefined || !oracledb.thin) return
  try {
    oracledb.initOracleClient(client === '' ? {} : { libDir: client })
  } catch (cause) {
    throw new PonteError('erp.client_missing', "Oracle's client library could not be loaded", {
      hint: 'ORACLE_CLIENT_DIR names the folder of Instant Client; unset it for the thin mode, which needs no library',
      cause: erpError(cause).cause,
      exitCode: 2,
    })
  }
}
