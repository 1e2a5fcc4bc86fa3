/**
 * TNS packets: 8 bytes of header, then the content. Until the ACCEPT both sides write a length of 16 bits, after it one
 * of 32 (protocol version 315 and later).
 */
export const packetTypes = { connect: 1, accept: 2, refuse: 4, data: 6, marker: 12 } as const
export const markers = { break: 1, reset: 2, interrupt: 3 } as const

/** The version that the server pretends to speak: 19c, without the framing of later ones. */
const VERSION = 318
const HEADER = 8
/** Header and the two bytes of data flags. */
const DATA_HEADER = 10
/** Set by the driver on the last packet of each request. */
const END_OF_REQUEST = 0x0800
const CLOSING = 0x0040
/** Nothing that the driver sends comes near; a larger length is noise from something that does not speak TNS. */
const LARGEST = 2_097_152 + DATA_HEADER

export interface Packet {
  readonly type: number
  readonly bytes: Buffer
}

/** Cuts a stream of bytes into packets. */
export class PacketReader {
  #rest: Buffer = Buffer.alloc(0)
  /** Whether lengths have 32 bits; set once the ACCEPT is sent. */
  large = false;

  /** The packets that are whole now. Throws RangeError for a length that no packet has. */
  *push(chunk: Buffer): Generator<Packet> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= HEADER) {
      const length = this.large ? this.#rest.readUInt32BE(0) : this.#rest.readUInt16BE(0)
      if (length < HEADER || length > LARGEST) throw new RangeError(`a packet of ${length} bytes`)
      if (this.#rest.length < length) return
      const bytes = this.#rest.subarray(0, length)
      this.#rest = this.#rest.subarray(length)
      yield { type: bytes.readUInt8(4), bytes }
    }
  }
}

export const dataContent = ({ bytes }: Packet): Buffer => bytes.subarray(DATA_HEADER)
const dataFlags = ({ bytes }: Packet): number => (bytes.length < DATA_HEADER ? 0 : bytes.readUInt16BE(HEADER))
export const endsRequest = (packet: Packet): boolean => (dataFlags(packet) & END_OF_REQUEST) !== 0
export const saysGoodbye = (packet: Packet): boolean => (dataFlags(packet) & CLOSING) !== 0
export const markerKind = ({ bytes }: Packet): number => bytes.readUInt8(10)

/** A whole message cut into DATA packets of at most `sdu` bytes, ready for one write. */
export function dataPackets(message: Buffer, sdu: number): Buffer {
  const room = sdu - DATA_HEADER
  const count = Math.max(1, Math.ceil(message.length / room))
  const packets = Buffer.allocUnsafe(message.length + count * DATA_HEADER)
  let to = 0
  for (let from = 0; from < message.length || to === 0; from += room) {
    const content = Math.min(room, message.length - from)
    packets.writeUInt32BE(content + DATA_HEADER, to)
    packets.writeUInt32BE(packetTypes.data << 24, to + 4)
    packets.writeUInt16BE(0, to + 8)
    message.copy(packets, to + DATA_HEADER, from, from + content)
    to += content + DATA_HEADER
  }
  return packets
}

export function markerPacket(kind: number): Buffer {
  return Buffer.from([0, 0, 0, 11, packetTypes.marker, 0, 0, 0, 1, 0, kind])
}

/** Bytes 22 and 23 switch off the handshake of native network services; the last four offer nothing of later versions. */
export function acceptPacket(sdu: number): Buffer {
  const packet = Buffer.alloc(45)
  packet.writeUInt16BE(packet.length, 0)
  packet.writeUInt8(packetTypes.accept, 4)
  packet.writeUInt16BE(VERSION, 8)
  packet.writeUInt16BE(1, 10)
  packet.writeUInt16BE(Math.min(sdu, 65_535), 12)
  packet.writeUInt16BE(65_535, 14)
  packet.writeUInt16BE(1, 16)
  packet.writeUInt16BE(packet.length, 20)
  packet.writeUInt8(0x04, 22)
  packet.writeUInt8(0x08, 23)
  packet.writeUInt32BE(sdu, 32)
  packet.writeUInt32BE(sdu, 36)
  return packet
}

/** `code`: 12514 service unknown, 12505 SID unknown, 12520 no server process to be had. */
export function refusePacket(code: number): Buffer {
  const text = Buffer.from(`(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=${code})(ERROR_STACK=(ERROR=(CODE=${code})(EMFI=4))))`)
  const packet = Buffer.alloc(12 + text.length)
  packet.writeUInt16BE(packet.length, 0)
  packet.writeUInt8(packetTypes.refuse, 4)
  packet.writeUInt8(1, 8)
  packet.writeUInt16BE(text.length, 10)
  text.copy(packet, 12)
  return packet
}

export interface ConnectRequest {
  /** The largest packet that the client takes. */
  readonly sdu: number
  /** `(DESCRIPTION=...)`; null: it follows in a DATA packet. */
  readonly data: string | null
}

/** Throws RangeError for a packet that is too short. */
export function readConnect({ bytes }: Packet): ConnectRequest {
  const length = bytes.readUInt16BE(24)
  const offset = bytes.readUInt16BE(26)
  const sdu = bytes.length >= 62 ? bytes.readUInt32BE(58) : bytes.readUInt16BE(14)
  const inside = bytes.length >= offset + length
  return { sdu: Math.min(Math.max(sdu, 512), 2_097_152), data: inside ? bytes.toString('utf8', offset, offset + length) : null }
}
