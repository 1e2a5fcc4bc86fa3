/** The server: TCP, or TLS over it, in front, a backend behind. */

import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { Backend } from './backend.ts'
import { type FaultInput, Faults } from './faults.ts'
import { Connection } from './session/connection.ts'
import type { VerifierAge } from './session/logon.ts'

export interface OracleSimulatorSettings {
  readonly backend: Backend
  /** 0, the default, picks a free one. */
  readonly port?: number
  readonly host?: string
  /** What a connect string must name; two characters at least, because the driver refuses shorter ones. */
  readonly service?: string
  /** Who may log on, with which password. Names are not case-sensitive. */
  readonly users: Readonly<Record<string, string>>
  /** How the passwords are kept, default `12c`. With `10g` nobody can log on in thin mode. */
  readonly verifiers?: VerifierAge
  readonly faults?: readonly FaultInput[]
  /** The largest packet; the driver's own default is 8192. */
  readonly sdu?: number
  /** TCPS: key and certificate of this server, and with `requestCert` and `ca` whose clients it takes. Without: plain TCP. */
  readonly tls?: TlsOptions
}

export interface OracleSimulator {
  readonly port: number
  /** `127.0.0.1:1521/SERVICE`: the driver's connect string. */
  readonly connectString: string
  /** Replaces all faults; an empty list ends them. Throws ZodError. */
  setFaults(faults: readonly FaultInput[]): void
  /** The faults in force, and how often each has struck. */
  faults(): ReturnType<Faults['report']>
  /** Open connections. */
  connections(): number
  /** Cuts every connection, as a server does that dies. The simulator goes on. */
  dropAll(): void
  /** Cuts every connection and ends the backend. Safe to repeat. */
  close(): Promise<void>
}

/**
 * Starts a server that the unmodified oracledb thin driver takes for an Oracle 19c. Throws ZodError for wrong faults, and
 * the system's own error when the port is taken.
 */
export async function startOracleSimulator(settings: OracleSimulatorSettings): Promise<OracleSimulator> {
  const { backend, host = '127.0.0.1', port = 0, service = 'PONTE', verifiers = '12c', sdu = 32_768 } = settings
  const faults = new Faults()
  faults.set(settings.faults ?? [])
  const users = new Map(Object.entries(settings.users).map(([name, password]) => [name.toUpperCase(), password]))
  const open = new Set<Connection>()
  const serve = (socket: Socket) => {
    const connection = new Connection(socket, { backend, faults, service, users, verifiers, sdu })
    open.add(connection)
    socket.once('close', () => open.delete(connection))
  }
  const server = settings.tls === undefined ? createServer(serve) : createTlsServer(settings.tls, serve)
  await listen(server, port, host)
  const address = server.address() as AddressInfo
  const dropAll = () => {
    for (const connection of open) connection.drop()
  }
  let closed: Promise<void> | undefined
  return {
    port: address.port,
    connectString: `${host.includes(':') ? `[${host}]` : host}:${address.port}/${service}`,
    setFaults: (given) => faults.set(given),
    faults: () => faults.report(),
    connections: () => open.size,
    dropAll,
    close() {
      closed ??= new Promise<void>((resolve) => {
        server.close(() => resolve())
        dropAll()
      }).then(() => backend.close())
      return closed
    },
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
}
