/**
 * Writes an encrypted archive: tar, gzip, age (https://age-encryption.org/v1), in one stream. Its recipients are public keys, so the
 * machine that makes archives cannot read them. Without Ponte: `age -d -i key.txt FILE | tar xz`.
 *
 *   FILE.part grows → fsync → rename to FILE → FILE.sha256 (as sha256sum writes it) → fsync of the directory
 *
 * Killed before the rename, `.part` is left, which `sweepParts` removes; killed after it, FILE is whole and lacks its sum, which readers
 * do without: age itself proves every byte, and the end.
 */
import { createHash } from 'node:crypto'
import { constants, open, readdir } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { createGzip } from 'node:zlib'
import { Encrypter } from 'age-encryption'
import tar from 'tar-stream'
import { openDisk } from './atomic-file.ts'

export const SUM = '.sha256'
const PART = '.part'
const disk = openDisk({ room: 'backup' })

export interface Archive {
  add(name: string, body: string | Uint8Array): Promise<void>
  /** The file as it is when it is opened, also when it grows meanwhile. @returns false: there is none, or it is no regular file */
  addFile(name: string, path: string): Promise<boolean>
  /** Resolves when the archive would survive a power cut. */
  close(): Promise<{ readonly bytes: number; readonly sha256: string }>
  /** Ends it without a trace. */
  discard(): Promise<void>
}

/**
 * @param path must not exist; its folder must
 * @param recipients public keys, `age1...`
 * @throws PonteError `backup.disk_*`
 */
export async function createArchive(path: string, recipients: readonly string[]): Promise<Archive> {
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  const pack = tar.pack()
  const file = await disk.create(path + PART)
  const hash = createHash('sha256')
  let bytes = 0
  const stop = new AbortController()
  const store = async (encrypted: AsyncIterable<Uint8Array>) => {
    for await (const chunk of encrypted) {
      hash.update(chunk)
      bytes += chunk.length
      await file.append(chunk)
    }
  }
  const encrypt = async (zipped: AsyncIterable<Uint8Array>) => {
    const source = Readable.toWeb(Readable.from(zipped)) as globalThis.ReadableStream<Uint8Array>
    await store(Readable.fromWeb((await encrypter.encrypt(source)) as ReadableStream<Uint8Array>))
  }
  const writing = pipeline(pack, createGzip({ level: 6 }), encrypt, { signal: stop.signal })
  // Told by whatever is added next, and by close.
  writing.catch(() => {})
  const add = (name: string, size: number, fill: (entry: NodeJS.WritableStream) => Promise<void>) =>
    Promise.race([
      writing.then(() => Promise.reject(new Error('the archive has ended'))),
      new Promise<void>((resolve, reject) => {
        const entry = pack.entry({ name, size, mode: 0o640 }, (error) => (error ? reject(error) : resolve()))
        fill(entry as unknown as NodeJS.WritableStream).catch(reject)
      }),
    ])

  return {
    async add(name, body) {
      const data = Buffer.from(body)
      await add(name, data.length, async (entry) => void entry.end(data))
    },
    async addFile(name, from) {
      const handle = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(absent)
      if (handle === null) return false
      try {
        const info = await handle.stat()
        if (!info.isFile()) return false
        const source = info.size === 0 ? Readable.from([]) : handle.createReadStream({ end: info.size - 1, autoClose: false })
        await add(name, info.size, (entry) => pipeline(source, entry))
        return true
      } finally {
        await handle.close()
      }
    },
    async close() {
      pack.finalize()
      await writing
      await file.sync()
      await file.close()
      await disk.rename(path + PART, path)
      const sha256 = hash.digest('hex')
      await disk.replace(path + SUM, `${sha256}  ${basename(path)}\n`)
      return { bytes, sha256 }
    },
    async discard() {
      stop.abort()
      pack.destroy()
      await finished(pack).catch(() => {})
      await writing.catch(() => {})
      await file.close().catch(() => {})
      await disk.unlink(path + PART)
    },
  }
}

/** Archives that a killed process left half written; nobody may be writing in `folder`. Returns how many. */
export async function sweepParts(folder: string): Promise<number> {
  let swept = 0
  for (const name of await readdir(folder)) if (name.endsWith(PART) && (await disk.unlink(`${folder}/${name}`))) swept++
  return swept
}

/** Removes an archive and its sum. */
export async function removeArchive(path: string): Promise<void> {
  await disk.unlink(path)
  await disk.unlink(path + SUM)
  await disk.syncDirectory(dirname(path))
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ELOOP' || error.code === 'ENXIO') return null
  throw error
}
