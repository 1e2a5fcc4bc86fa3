/**
 * What a segment consists of: `boot <id>\n`, then `keep <name> <bytes> <crc32>\n<body>\n`, or `drop <name>\n` for a letter that was not
 * accepted after all. The first record that is not whole ends it: it was being written when the machine stopped, so nobody was told of it.
 */
import { crc32 } from 'node:zlib'

export function kept(name: string, body: string): Buffer {
  const bytes = Buffer.from(body)
  return Buffer.concat([Buffer.from(`keep ${name} ${bytes.length} ${sumOf(name, bytes)}\n`), bytes, NEWLINE])
}

export const booted = (id: string): Buffer => Buffer.from(`boot ${id}\n`)

export const dropped = (name: string): Buffer => Buffer.from(`drop ${name}\n`)

/**
 * @param journal one segment
 * @param letters name -> body of those that the segments before vouch for; this one adds its own, and takes away what was dropped
 * @returns the boot in which it was written, null when it cannot be told
 */
export function readRecords(journal: Buffer, letters: Map<string, string>): string | null {
  let boot: string | null = null
  for (let at = 0; at < journal.length; ) {
    const end = journal.indexOf(NEWLINE, at)
    if (end === -1) return boot
    const line = journal.toString('latin1', at, end)
    at = end + 1
    const gone = /^drop (\S+)$/.exec(line)
    const [, name, length, sum] = /^keep (\S+) (\d+) ([0-9a-f]{8})$/.exec(line) ?? []
    if (gone) letters.delete(gone[1]!)
    else if (line.startsWith('boot ')) boot = line.slice('boot '.length)
    else if (name === undefined) return boot
    else {
      const body = journal.subarray(at, at + Number(length))
      if (sumOf(name, body) !== sum) return boot
      letters.set(name, body.toString('utf8'))
      at += body.length + NEWLINE.length
    }
  }
  return boot
}

const NEWLINE = Buffer.from('\n')
const sumOf = (name: string, body: Buffer) => crc32(body, crc32(name)).toString(16).padStart(8, '0')
