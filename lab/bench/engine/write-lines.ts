/** Queue lines into a file, for both sides of the bench: the serialiser of the house, one fsync. */
import { open } from 'node:fs/promises'
import { jsonLine } from '../../../engine/json-line.ts'
import { envelope, type Line } from './leads.ts'

/** Returns how many lines were written. */
export async function writeLines(file: string, batches: AsyncIterable<readonly Line[]>): Promise<number> {
  const handle = await open(file, 'w')
  let lines = 0
  try {
    for await (const batch of batches) {
      await handle.write(batch.map(({ row, hash, key }) => `${jsonLine(row, { ...envelope, key, hash })}\n`).join(''))
      lines += batch.length
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  return lines
}
