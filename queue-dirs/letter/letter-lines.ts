import { isUtf8 } from 'node:buffer'
import { constants, open } from 'node:fs/promises'
import { PonteError } from '../../base/error.ts'

export interface LetterLine {
  /** From 0, counting every line of the file; blank ones are left out. */
  readonly index: number
  readonly text: string
}

export const MAX_LETTER_BYTES = 256 * 1024 * 1024

/**
 * Lines of a letter: NDJSON, one JSON value a line. A letter of one object that is spread over several lines (a webhook's
 * body as it came, an old file of job 12) is one line. The answer depends on the content alone, so indexes hold for ever.
 *
 * @throws what `readText` throws; PonteError `queue.empty_letter`
 */
export async function readLines(path: string, label: string): Promise<LetterLine[]> {
  const text = await readText(path, label)
  if (text !== '') return splitLines(text)
  throw new PonteError('queue.empty_letter', `${label} is empty`, {
    hint: 'what it held was lost, by the disk or by who wrote it: check the disk (dmesg), then send the event again or let a compare find it',
  })
}

/**
 * A letter's whole text.
 *
 * @param label names the letter in messages
 * @throws PonteError `queue.not_utf8`, `queue.letter_too_large`; both are the letter's own fault: reject it
 */
export async function readText(path: string, label: string): Promise<string> {
  // NOFOLLOW: a symbolic link dropped into the queue must not make us read another file.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  let bytes: Buffer
  try {
    const { size } = await handle.stat()
    if (size > MAX_LETTER_BYTES) {
      throw new PonteError('queue.letter_too_large', `${label} has ${size} bytes`, {
        hint: `letters may have ${MAX_LETTER_BYTES} bytes: split the file into lines of several letters`,
      })
    }
    bytes = await handle.readFile()
  } finally {
    await handle.close()
  }
  return textOf(bytes, label)
}

/** @throws PonteError `queue.not_utf8` */
export function textOf(bytes: Uint8Array, label: string): string {
  if (!isUtf8(bytes)) {
    throw new PonteError('queue.not_utf8', `${label} is not UTF-8`, { hint: 'convert the file to UTF-8 and drop it into processar again' })
  }
  return new TextDecoder().decode(bytes)
}

/** The text of a letter as its lines; see `readLines`. */
export function splitLines(text: string): LetterLine[] {
  const lines = text
    .split('\n')
    .map((line, index) => ({ index, text: line }))
    .filter((line) => line.text.trim() !== '')
  return lines.length > 1 && !isJson(lines[0]?.text ?? '') && isJson(text) ? [{ index: 0, text: text.trim() }] : lines
}

const tailBytes = 64 * 1024

/**
 * Whether a file looks as if a copy of it were still going on: it is empty, its last line has no end and is no JSON, or an object over
 * several lines is not closed. Half an object is never JSON, so what is JSON is whole.
 */
export async function endsHalf(path: string): Promise<boolean> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const { size } = await file.stat()
    const from = Math.max(0, size - tailBytes)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, tailBytes)), 0, Math.min(size, tailBytes), from)
    const tail = buffer.toString('utf8', 0, bytesRead)
    const last = tail.slice(tail.lastIndexOf('\n') + 1)
    if (last.trim() !== '') return !isJson(last) && (from > 0 || !isJson(tail))
    return tail === '' || /[{[,]\s*$/.test(tail)
  } finally {
    await file.close()
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
