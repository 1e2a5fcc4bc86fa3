import { crc32 } from 'node:zlib'

/** `<crc32, 8 hex> <json>\n`: a line cut short by a crash, or garbage where a crash left a hole, is told from a whole one. */
export function printChecked(value: unknown): string {
  const json = JSON.stringify(value)
  return `${checksum(json)} ${json}\n`
}

/** Every whole line; the others are skipped, wherever they are. */
export function parseChecked<T>(text: string): T[] {
  const values: T[] = []
  const lines = text.split('\n')
  lines.pop() // behind the last newline: nothing, or a torn tail
  for (const line of lines) {
    const json = line.slice(9)
    if (line.slice(0, 9) === `${checksum(json)} `) values.push(JSON.parse(json) as T)
  }
  return values
}

const checksum = (text: string) => crc32(text).toString(16).padStart(8, '0')
