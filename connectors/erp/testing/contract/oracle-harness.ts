/**
 * An ERP on the simulated Oracle for this room's tests and the contract suite: the schema of sql/oracle on the MariaDB for tests, the wire
 * simulator before it, the real driver before that. The schema is loaded once per database; a database is emptied and used again.
 */
import oracledb from 'oracledb'
import { afterAll } from 'vitest'
import { forMariaDb } from '../../../../lab/simulators/oracle-schema/rewrite.ts'
import { mariadbBackend } from '../../../../lab/simulators/oracle-wire/mariadb/backend.ts'
import { type OracleSimulator, startOracleSimulator } from '../../../../lab/simulators/oracle-wire/simulator.ts'
import { openOracleHarness, type OracleHarness as Schema } from '../../../oracle/testing/schema-harness.ts'
import { oracleErp } from '../../dialects/oracle/erp.ts'
import type { ErpHarness } from './contract-harness.ts'
import { WAITING } from './mysql-harness.ts'

const USER = 'ponte'
const PASSWORD = 's3cret'

export interface OracleErpHarness extends ErpHarness {
  /** oracle:// with password. */
  readonly url: string
  /** For faults, and for cutting lines. */
  readonly simulator: OracleSimulator
  /** SQL straight on MariaDB, further sessions, and the count of row writes to ERP tables. */
  readonly schema: Schema
  /** A connection of the driver, beside the connector. The caller closes it. */
  connect(): Promise<oracledb.Connection>
}

interface Prepared {
  readonly schema: Schema
  readonly simulator: OracleSimulator
}

const free: Prepared[] = []
const all: Promise<Prepared>[] = []
afterAll(async () => {
  for (const { schema, simulator } of await Promise.all(all)) {
    await simulator.close()
    await schema.close()
  }
})

/** A fresh ERP, its connector, and a way to run SQL beside it. */
export async function openHarness(): Promise<OracleErpHarness> {
  const prepared = free.pop() ?? (await prepare())
  const { schema, simulator } = prepared
  const url = `oracle://${USER}:${PASSWORD}@127.0.0.1:${simulator.port}/PONTE`
  const connector = (settings: { statementTimeoutMs?: number } = {}) => oracleErp({ url, ...settings })
  const connect = () => oracledb.getConnection({ user: USER, password: PASSWORD, connectString: simulator.connectString })
  const erp = connector()
  return {
    url,
    simulator,
    schema,
    erp,
    connector,
    sql: schema.sql,
    async hold(statement) {
      const connection = await connect()
      const run = async (text: string) => void (await connection.execute(text))
      await run(statement)
      return { sql: run, commit: () => connection.commit().finally(() => connection.close()) }
    },
    waiting: async () => Number((await schema.sql(WAITING))[0]!.n),
    versions: schema.versions,
    connect,
    async close() {
      await erp.close()
      simulator.setFaults([])
      simulator.dropAll()
      await schema.empty()
      free.push(prepared)
    },
  }
}

async function prepare(): Promise<Prepared> {
  const made = (async () => {
    const schema = await openOracleHarness()
    const backend = mariadbBackend({ url: schema.url, ddl: (statement) => forMariaDb(statement).sql })
    return { schema, simulator: await startOracleSimulator({ backend, users: { [USER]: PASSWORD } }) }
  })()
  all.push(made)
  return made
}
