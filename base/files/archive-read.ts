/** Reads what archive.ts wrote. Nothing that it gives may be trusted before it ends: a file that was cut off is noticed at its end only. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { createGunzip } from 'node:zlib'
import { Decrypter } from 'age-encryption'
import tar from 'tar-stream'
import { PonteError } from '../error.ts'
import { SUM } from './archive.ts'

export interface ArchiveEntry {
  readonly name: string
  readonly size: number
  /** To be read to its end, or left alone: then it is skipped. */
  readonly body: AsyncIterable<Uint8Array>
}

/**
 * Hands each entry to `visit`, one after another. Resolves when the archive proved whole.
 * @param identity the secret key, `AGE-SECRET-KEY-...`
 * @throws PonteError `backup.unreadable` (no such file), `backup.wrong_key`, `backup.damaged`; what `visit` throws
 */
export async function readArchive(path: string, identity: string, visit: (entry: ArchiveEntry) => Promise<void>): Promise<void> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  const source = createReadStream(path)
  let failedInside = false
  try {
    const plain = await decrypter.decrypt(Readable.toWeb(source) as globalThis.ReadableStream<Uint8Array>)
    const extract = tar.extract()
    const feeding = pipeline(Readable.fromWeb(plain as ReadableStream<Uint8Array>), createGunzip(), extract)
    const reading = async () => {
      for await (const entry of extract) {
        await visit({ name: entry.header.name, size: entry.header.size ?? 0, body: entry }).catch((error) => {
          failedInside = true
          throw error
        })
        entry.resume()
      }
    }
    await Promise.all([feeding, reading()])
  } catch (error) {
    throw failedInside && error instanceof PonteError ? error : unusable(error)
  } finally {
    source.destroy()
  }
}

/** The sum beside the archive. @returns null: there is none. @throws PonteError `backup.damaged` when it is another */
export async function checkSum(path: string): Promise<string | null> {
  const noted = await readFile(path + SUM, 'utf8').catch(() => null)
  if (noted === null) return null
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  } catch (error) {
    throw unusable(error)
  }
  const sum = hash.digest('hex')
  if (noted.slice(0, 64) !== sum) throw damaged()
  return sum
}

export const damaged = (cause?: unknown) =>
  new PonteError('backup.damaged', 'the backup is damaged or cut off: it is not what was written', {
    hint: 'use another copy of it, or an older backup; nothing was changed',
    cause,
  })

function unusable(cause: unknown): PonteError {
  if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
    return new PonteError('backup.unreadable', 'there is no such backup', { hint: 'ponte backup ls lists them', cause, exitCode: 2 })
  if (/no identity matched/.test((cause as Error).message))
    return new PonteError('backup.wrong_key', 'the backup was made for another key', {
      hint: 'set BACKUP_IDENTITY_FILE to the secret key of the pair it was made for',
      cause,
      exitCode: 2,
    })
  return damaged(cause)
}
