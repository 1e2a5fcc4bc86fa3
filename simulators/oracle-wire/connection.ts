/**
 * One socket of a driver, from CONNECT to the end.
 *
 *     connect ─> protocol ─> types ─> auth one ─> auth two ─> session
 *                                                               │  interrupt: the call is aborted, `break` goes out,
 *                                                               └─ reset: `reset` goes out, then ORA-01013
 */
import type { Socket } from 'node:net'
import { writeEnd, writeParameters } from './answers.ts'
import type { Backend } from './backend.ts'
import { DropConnection, type Faults } from './faults.ts'
import { type Challenge, challenge } from './logon.ts'
import { dataTypesAnswer, protocolAnswer } from './negotiate.ts'
import { OracleError } from './oracle-error.ts'
import { type AuthRequest, type Message, readMessage } from './requests.ts'
import { Session } from './session.ts'
import {
  acceptPacket,
  dataContent,
  dataPackets,
  endsRequest,
  markerKind,
  markerPacket,
  markers,
  type Packet,
  PacketReader,
  packetTypes,
  readConnect,
  refusePacket,
  saysGoodbye,
} from './wire/packets.ts'
import { WireWriter } from './wire/writer.ts'

export interface House {
  readonly backend: Backend
  readonly faults: Faults
  readonly service: string
  readonly users: ReadonlyMap<string, string>
  readonly sdu: number
}

const CANCELLED = { number: 1013, full: 'ORA-01013: user requested cancel of current operation' }

export class Connection {
  readonly #socket: Socket
  readonly #house: House
  readonly #reader = new PacketReader()
  #sdu = 8192
  /** Accepted; before, packets are about the connection. */
  #accepted = false
  #parts: Buffer[] = []
  #challenge: Challenge | null = null
  #session: Session | null = null
  /** The request in the works; the next one waits for it. */
  #busy: Promise<void> = Promise.resolve()
  #abort = new AbortController()
  /** Between an interrupt and its reset nothing but markers may go out. */
  #interrupted = false

  constructor(socket: Socket, house: House) {
    this.#socket = socket
    this.#house = house
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', () => {})
    socket.on('close', () => void this.#end())
  }

  /** Cuts the line. */
  drop(): void {
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    try {
      for (const packet of this.#reader.push(chunk)) this.#take(packet)
    } catch {
      this.drop()
    }
  }

  #take(packet: Packet): void {
    if (packet.type === packetTypes.marker) this.#mark(markerKind(packet))
    else if (packet.type === packetTypes.connect) this.#begin(packet)
    else if (packet.type !== packetTypes.data) throw new RangeError(`packet type ${packet.type}`)
    else if (!this.#accepted) this.#accept(dataContent(packet).toString('utf8'))
    else if (saysGoodbye(packet)) this.#socket.end()
    else this.#collect(packet)
  }

  #begin(packet: Packet): void {
    const { sdu, data } = readConnect(packet)
    this.#sdu = Math.min(sdu, this.#house.sdu)
    if (data !== null) this.#accept(data)
  }

  #collect(packet: Packet): void {
    this.#parts.push(dataContent(packet))
    if (!endsRequest(packet)) return
    const request = Buffer.concat(this.#parts)
    this.#parts = []
    if (this.#interrupted) return
    // Made here, not when its turn comes: an interrupt may be right behind it.
    const abort = new AbortController()
    this.#abort = abort
    this.#busy = this.#busy.then(() => this.#handle(request, abort.signal))
  }

  #accept(description: string): void {
    const name = /\((SERVICE_NAME|SID)\s*=\s*([^)]*)\)/i.exec(description)
    if (name?.[2]?.trim().toUpperCase() !== this.#house.service.toUpperCase()) {
      this.#socket.end(refusePacket(name?.[1]?.toUpperCase() === 'SID' ? 12505 : 12514))
      return
    }
    this.#socket.write(acceptPacket(this.#sdu))
    this.#accepted = true
    this.#reader.large = true
  }

  async #handle(request: Buffer, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const to = new WireWriter()
    try {
      await this.#answer(readMessage(request), to, signal)
    } catch (error) {
      if (!(error instanceof OracleError)) {
        // A dropped connection, and what cannot be read: in both cases there is nothing sensible to say.
        if (!(error instanceof DropConnection)) process.emitWarning(`oracle-wire: ${(error as Error).message}`)
        this.drop()
        return
      }
      writeEnd(to.clear(), { inTransaction: false, error })
    }
    if (this.#interrupted || this.#socket.destroyed) return
    if (!this.#socket.write(dataPackets(to.take(), this.#sdu))) await this.#drained()
  }

  async #answer(message: Message, to: WireWriter, signal: AbortSignal): Promise<void> {
    const { request } = message
    if (this.#session) await this.#session.answer(message, to, signal)
    else if (request.kind === 'protocol') to.raw(protocolAnswer())
    else if (request.kind === 'types') to.raw(dataTypesAnswer())
    else if (request.kind === 'auth-one') this.#challengeUser(request.auth, to)
    else if (request.kind === 'auth-two') await this.#logOn(request.auth, to, signal)
    else throw new OracleError(1012, 'not logged on')
  }

  #challengeUser({ user }: AuthRequest, to: WireWriter): void {
    this.#challenge = challenge(this.#house.users.get(user.toUpperCase()) ?? null)
    writeParameters(to, this.#challenge.pairs)
    writeEnd(to, { inTransaction: false })
  }

  /** Throws OracleError 1017 for a wrong password or an unknown user alike. */
  async #logOn({ user, pairs }: AuthRequest, to: WireWriter, signal: AbortSignal): Promise<void> {
    await this.#house.faults.strike({ at: 'login', when: 'before' }, signal)
    const proof = this.#challenge?.check(pairs.get('AUTH_SESSKEY') ?? '', pairs.get('AUTH_PASSWORD') ?? '') ?? null
    if (proof === null) throw new OracleError(1017, 'invalid username/password; logon denied')
    const { service, backend, faults } = this.#house
    const shift = shiftOf(pairs.get('AUTH_ALTER_SESSION') ?? '')
    const session = new Session(await backend.open({ user: user.toUpperCase(), service }), faults, shift)
    // The driver may be gone by now, and nobody else would close what was just opened.
    if (this.#socket.destroyed) return await session.close()
    this.#session = session
    writeParameters(to, [proof, ...about(service)])
    writeEnd(to, { inTransaction: false })
  }

  #mark(kind: number): void {
    if (kind === markers.reset) {
      // Only when the aborted call has come to rest is the session free for the next one.
      void this.#busy.then(() => {
        this.#interrupted = false
        if (this.#socket.destroyed) return
        const to = new WireWriter(128)
        writeEnd(to, { inTransaction: this.#session?.inTransaction ?? false, error: CANCELLED })
        this.#socket.write(Buffer.concat([markerPacket(markers.reset), dataPackets(to.take(), this.#sdu)]))
      })
      return
    }
    this.#interrupted = true
    this.#parts = []
    this.#abort.abort()
    this.#socket.write(markerPacket(markers.break))
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.once('drain', resolve)
      this.#socket.once('close', () => resolve())
    })
  }

  async #end(): Promise<void> {
    this.#abort.abort()
    await this.#busy
    await this.#session?.close()
  }
}

/** Minutes east of UTC in `ALTER SESSION SET TIME_ZONE='-3:0'`; 0 for a region. */
function shiftOf(statement: string): number {
  const parts = /TIME_ZONE\s*=\s*'([-+])?(\d+):(\d+)'/i.exec(statement)
  if (!parts) return 0
  const minutes = Number(parts[2]) * 60 + Number(parts[3])
  return parts[1] === '-' ? -minutes : minutes
}

/** 19.3, and what else the driver reads of a server. */
function about(service: string): { key: string; value: string }[] {
  const name = service.toUpperCase()
  return [
    { key: 'AUTH_VERSION_NO', value: String((19 << 24) | (3 << 16)) },
    { key: 'AUTH_SC_SERVICE_NAME', value: service },
    { key: 'AUTH_DBNAME', value: name },
    { key: 'AUTH_INSTANCENAME', value: name },
    { key: 'AUTH_SC_DBUNIQUE_NAME', value: name },
    { key: 'AUTH_MAX_OPEN_CURSORS', value: '300' },
    { key: 'AUTH_MAX_IDEN_LENGTH', value: '128' },
  ]
}
