/** What kind of server listens at an address, by its own greeting: a driver that meets another's server only says that it got no answer. */
import { connect } from 'node:net'

export type Server = 'PostgreSQL' | 'MySQL or MariaDB' | 'Oracle' | 'a web server'

/** How long to wait for a greeting, then for an answer; milliseconds. */
const PATIENCE_MS = 700
/** SSLRequest (PostgreSQL manual, "Message Formats"): answered by one letter, whatever the server's settings. */
const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex')
/** A TNS connect packet that asks the listener for its version; every listener answers it, if only by a refusal. */
const TNS_CONNECT = tnsConnect('(CONNECT_DATA=(COMMAND=version))')
/** Accept, refuse, redirect, resend. */
const TNS_ANSWERS = [2, 4, 5, 11]

/** null: nobody listens there, or somebody who speaks none of these. Takes three seconds at most, never throws. */
export async function whoAnswers(host: string, port: number): Promise<Server | null> {
  const greeting = await exchange(host, port, SSL_REQUEST)
  // Sent by the server unasked: protocol 10, or an error packet.
  if (greeting.length > 4 && greeting[3] === 0 && (greeting[4] === 10 || greeting[4] === 255)) return 'MySQL or MariaDB'
  if (greeting.length === 1 && 'SN'.includes(greeting.toString('latin1'))) return 'PostgreSQL'
  if (greeting.toString('latin1').startsWith('HTTP/')) return 'a web server'
  const answer = await exchange(host, port, TNS_CONNECT)
  return answer.length >= 8 && answer.readUInt16BE(0) >= 8 && TNS_ANSWERS.includes(answer[4]!) ? 'Oracle' : null
}

/** The first bytes that come: before anything was asked, or in answer to `question`. Empty: none. */
function exchange(host: string, port: number, question: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    let asked = false
    const end = (bytes: Buffer) => {
      socket.destroy()
      resolve(bytes)
    }
    socket.once('data', end)
    socket.once('error', () => end(Buffer.alloc(0)))
    socket.once('close', () => end(Buffer.alloc(0)))
    socket.setTimeout(PATIENCE_MS, () => {
      if (asked) end(Buffer.alloc(0))
      asked = true
      socket.write(question)
      socket.setTimeout(PATIENCE_MS)
    })
  })
}

function tnsConnect(data: string): Buffer {
  const header = 58
  const packet = Buffer.alloc(header + data.length)
  packet.writeUInt16BE(packet.length, 0)
  packet[4] = 1
  // Version, lowest version, SDU, TDU, protocol characteristics, byte order; length and place of the data; flags.
  const words: readonly (readonly [at: number, value: number])[] = [
    ...([
      [8, 0x0136],
      [10, 0x012c],
      [14, 0x0800],
      [16, 0x7fff],
      [18, 0x4f98],
      [22, 1],
    ] as const),
    ...([
      [24, data.length],
      [26, header],
      [32, 0x4141],
    ] as const),
  ]
  for (const [at, value] of words) packet.writeUInt16BE(value, at)
  packet.write(data, header, 'latin1')
  return packet
}
