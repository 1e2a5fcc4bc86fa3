/**
 * The files in a folder where people put files too. A letter's name that cannot be printed, typed or passed on (control or invisible
 * characters, a backslash, bytes that are no UTF-8, longer than what a seat can add suffixes to) is made a plain one as soon as somebody
 * looks: so nobody else has to know of such names, and none of them hides its neighbours.
 */
import { isUtf8 } from 'node:buffer'
import { type Dir, opendirSync } from 'node:fs'
import { readdir, rename } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { SIDECAR } from '../claim/closing.ts'
import type { House } from '../house.ts'

/** Names get suffixes while they are in hand, and file systems allow 255 bytes. */
export const LONGEST_NAME = 200

const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\\ufffd]+/gu

/** What most names are, and what is quick to see. */
const ascii = /^[ -[\]-~]*$/

/** Streams the names of files; see `entriesIn`. */
export async function* filesIn(house: Pick<House, 'nextId'>, folder: string): AsyncGenerator<string> {
  for await (const { name, isFile } of entriesIn(house, folder)) if (isFile) yield name
}

/**
 * Streams what lies there; nothing when there is no such folder. A letter whose name could not be made plain (no right to) is left out.
 * Read in the caller's thread, which is several times as fast as a promise per name; others get their turn every thousand names.
 *
 * @returns `isFile` false: a folder, a symbolic link
 * @throws the system's error when the folder cannot be read
 */
export async function* entriesIn(house: Pick<House, 'nextId'>, folder: string): AsyncGenerator<{ name: string; isFile: boolean }> {
  const directory = openFolder(folder)
  if (directory === null) return
  try {
    for (let count = 1; ; count += 1) {
      const entry = directory.readSync()
      if (entry === null) return
      const { name } = entry
      const isFile = entry.isFile()
      const isLetter = isFile && name.endsWith('.json') && !name.endsWith(SIDECAR) && !name.startsWith('.')
      const plain = !isLetter || isPlain(name) ? name : await makePlain(folder, name, house.nextId())
      if (plain !== null) yield { name: plain, isFile }
      if (count % 1000 === 0) await setImmediate()
    }
  } finally {
    directory.closeSync()
  }
}

function openFolder(folder: string): Dir | null {
  try {
    return opendirSync(folder, { bufferSize: 256 })
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}

/** What is no UTF-8 was read with U+FFFD in it. */
const isPlain = (name: string): boolean =>
  name.length <= LONGEST_NAME && (ascii.test(name) || (Buffer.byteLength(name) <= LONGEST_NAME && name.search(unprintable) === -1))

/** @returns the new name; null: it is gone, or may not be renamed */
async function makePlain(folder: string, name: string, id: string): Promise<string | null> {
  const names = await readdir(folder, { encoding: 'buffer' })
  const bytes = names.find((one) => one.toString('utf8') === name)
  if (bytes === undefined) return null
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
