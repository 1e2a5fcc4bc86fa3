/**
 * One socket of a driver, from CONNECT to the end.
 *
 *     connect ─> protocol ─> types ─> auth one ─> auth two ─> session
 *                                                               │  interrupt: the call is aborted, `break` goes out,
 *                                                               └─ reset: `reset` goes out, then ORA-01013
 */
import type { Socket } from 'node:net'
import { writeEnd } from '../answers.ts'
import { DropConnection } from '../faults.ts'
import { OracleError } from '../oracle-error.ts'
import { type Message, readMessage } from '../requests.ts'
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
} from '../wire/packets.ts'
import { WireWriter } from '../wire/writer.ts'
import { Entrance, type House } from './entrance.ts'
import type { Session } from './session.ts'

const CANCELLED = { number: 1013, full: 'ORA-01013: user requested cancel of current operation' }

export class Connection {
  readonly #socket: Socket
  readonly #house: House
  readonly #entrance: Entrance
  readonly #reader = new PacketReader()
  #sdu = 8192
  /** Accepted; before, packets are about the connection. */
  #accepted = false
  #parts: Buffer[] = []
  #session: Session | null = null
  /** The request in the works; the next one waits for it. */
  #busy: Promise<void> = Promise.resolve()
  #abort = new AbortController()
  /** Between an interrupt and its reset nothing but markers may go out. */
  #interrupted = false

  constructor(socket: Socket, house: House) {
    this.#socket = socket
    this.#house = house
    this.#entrance = new Entrance(house)
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
    if (this.#session) return await this.#session.answer(message, to, signal)
    this.#session = await this.#entrance.answer(message.request, to, signal)
    // The driver may be gone by now, and the end of the socket came too soon to close what was just opened.
    if (this.#socket.destroyed) await this.#session?.close()
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
