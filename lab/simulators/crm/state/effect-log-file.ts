import { closeSync, existsSync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { PonteError } from '../../../../base/error.ts'
import { eachLine } from './lines.ts'
import type { Effect } from './model.ts'

/**
 * Reads the log back at start, creating it when absent, and hands every effect to `replay`. A torn last line (the writer was
 * killed in mid-write, so nobody was told) is cut off. Returns the offsets of the line ends, 0 first. Throws PonteError
 * `simulators.log_corrupt` when any other
 * line is unreadable or effects are missing: no kill leaves that behind.
 */
export function readEffectLog(file: string, replay: (effect: Effect) => void): number[] {
  if (!existsSync(file)) createDurably(file)
  const offsets = [0]
  const bytes = readFileSync(file)
  for (const line of eachLine(bytes)) {
    const effect = line.whole ? parseEffect(line.text) : null
    if (effect === null && line.end === bytes.length) {
      cutAt(file, line.start)
      return offsets
    }
    if (effect?.seq !== offsets.length) throw corrupt(file, offsets.length)
    replay(effect)
    offsets.push(line.end)
  }
  return offsets
}

function cutAt(file: string, length: number): void {
  const fd = openSync(file, 'r+')
  ftruncateSync(fd, length)
  fdatasyncSync(fd)
  closeSync(fd)
}

function parseEffect(text: string): Effect | null {
  try {
    return JSON.parse(text) as Effect
  } catch {
    return null
  }
}

function corrupt(file: string, line: number): PonteError {
  return new PonteError('simulators.log_corrupt', `line ${line} of ${file} is not effect ${line}`, {
    hint: 'The file was edited or the disk lost data. Start the simulator with an empty data folder, or restore this one.',
  })
}

function createDurably(file: string): void {
  closeSync(openSync(file, 'a', 0o640))
  const folder = openSync(dirname(file), 'r')
  fsyncSync(folder)
  closeSync(folder)
}
