/**
 * The files in a folder where people put files too. A letter's name that cannot be printed, typed or passed on (control or invisible
 * characters, a backslash, bytes that are no UTF-8, longer than what a seat can add suffixes to) is made a plain one as soon as somebody
 * looks: so nobody else has to know of such names, and none of them hides its neighbours.
 */
import { isUtf8 } from 'node:buffer'
import type { Dirent } from 'node:fs'
import { opendir, rename } from 'node:fs/promises'
import { SIDECAR } from './closing.ts'
import type { House } from './house.ts'

/** Names get suffixes while they are in hand, and file systems allow 255 bytes. */
export const LONGEST_NAME = 200

const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\]+/gu

/** Streams the names of files; see `entriesIn`. */
export async function* filesIn(house: Pick<House, 'nextId'>, folder: string): AsyncGenerator<string> {
  for await (const { name, isFile } of entriesIn(house, folder)) if (isFile) yield name
}

/**
 * Streams what lies there; nothing when there is no such folder. A letter whose name could not be made plain (no right to) is left out.
 *
 * @returns `isFile` false: a folder, a symbolic link
 * @throws the system's error when the folder cannot be read
 */
export async function* entriesIn(house: Pick<House, 'nextId'>, folder: string): AsyncGenerator<{ name: string; isFile: boolean }> {
  // Node reads names as bytes when it is asked to; its types do not say so.
  const options = { bufferSize: 256, encoding: 'buffer' as BufferEncoding }
  const directory = await opendir(folder, options).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  })
  if (directory === null) return
  for await (const entry of directory as AsyncIterable<Dirent<Buffer>>) {
    const isFile = entry.isFile()
    const name = entry.name.toString('utf8')
    const isLetter = isFile && name.endsWith('.json') && !name.endsWith(SIDECAR) && !name.startsWith('.')
    const plain = !isLetter || isPlain(entry.name, name) ? name : await makePlain(folder, entry.name, house.nextId())
    if (plain !== null) yield { name: plain, isFile }
  }
}

const isPlain = (bytes: Buffer, name: string): boolean => bytes.length <= LONGEST_NAME && name.search(unprintable) === -1 && isUtf8(bytes)

/** @returns the new name; null: it is gone, or may not be renamed */
async function makePlain(folder: string, bytes: Buffer, id: string): Promise<string | null> {
  const stem = bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1').slice(0, -'.json'.length)
  const cut = Buffer.from(stem.replace(unprintable, '_')).subarray(0, LONGEST_NAME - 40)
  // What a cut leaves of a character is dropped.
  const plain = `${cut.toString('utf8').replaceAll('\ufffd', '')}_${id}.json`
  const at = (name: string | Buffer) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)])
  // Its reasons first, as when a letter is closed. Nothing is overwritten: the id is new.
  const reasons = (name: string | Buffer) => Buffer.concat([at(name), Buffer.from(SIDECAR)])
  await rename(reasons(bytes), reasons(plain)).catch(() => undefined)
  return rename(at(bytes), at(plain)).then(
    () => plain,
    () => null,
  )
}
