/**
 * A log file that any number of processes append to, and that any of them may rotate.
 *
 * Lines are appended with O_APPEND in one write each, so they do not mix. Whoever first finds the file too large or of an earlier day
 * renames it; the others find another file under the name, a second later at most, and go on there. Until then they write into the
 * renamed file, so no line is lost. Two that rotate at once make one small file too many: rotated names are never used twice.
 *
 * Killed at any point: the file is under its own name or its rotated one, and the next process opens or makes it.
 */
import { closeSync, fstatSync, lstatSync, mkdirSync, openSync, realpathSync, renameSync, type Stats, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { signals } from '../signals.ts'
import { removeOldLogs, rotatedName } from './log-retention.ts'

export interface Rotation {
  /** A file that has reached this size makes room for a new one. */
  readonly maxBytes: number
  /** Rotated files older than this are deleted. */
  readonly keepDays: number
  /** No more rotated files than this are kept. */
  readonly keepFiles: number
  /** How often is looked whether it is time, milliseconds. Default: a second. */
  readonly lookMs?: number
}

export interface LogFile {
  /** Appends one line, its newline included. Never throws: a line that the disk does not take is dropped, counted and told of later. */
  write(line: string): void
  /** Lines dropped so far. */
  readonly dropped: number
}

/**
 * @param rotation null: never rotated here
 * @param now wall clock; days are UTC
 * @throws the system's error when the file cannot be opened
 */
export function openLogFile(file: string, rotation: Rotation | null, now: () => number = Date.now): LogFile {
  mkdirSync(dirname(file), { recursive: true })
  const lookMs = rotation?.lookMs ?? 1_000
  let { fd, path } = openFirst(file)
  let stats = fstatSync(fd)
  let lookedAt = performance.now()
  let dropped = 0
  let untold = 0
  let torn = false

  const reopen = () => {
    const next = open(path)
    closeSync(fd)
    fd = next
    stats = fstatSync(fd)
  }
  const isDue = (limits: Rotation, found: Stats) => found.size >= limits.maxBytes || dayOf(now()) > dayOf(found.birthtimeMs)
  const look = () => {
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found?.ino !== stats.ino || found.dev !== stats.dev) return reopen()
    if (rotation === null || !found.isFile() || found.size === 0 || !isDue(rotation, found)) return
    renameSync(path, rotatedName(path, now()))
    reopen()
    removeOldLogs(path, rotation, now())
  }
  const append = (line: string) => {
    const bytes = Buffer.from(torn ? `\n${line}` : line)
    for (let at = 0; at < bytes.length; ) {
      at += writeSync(fd, bytes, at)
      torn = at < bytes.length
    }
  }

  return {
    write(line) {
      try {
        if (performance.now() - lookedAt >= lookMs) {
          lookedAt = performance.now()
          // A folder that allows no new file (full, read-only): go on in the one that is open.
          ignoreErrors(look)
        }
        if (untold > 0) {
          append(lossNotice(untold, now()))
          untold = 0
        }
        append(line)
      } catch {
        dropped += 1
        untold += 1
        signals.logLineDropped.emit(() => ({}))
      }
    },
    get dropped() {
      return dropped
    },
  }
}

const open = (path: string): number => openSync(path, 'a', 0o640)

/** A link is followed once: renaming the link would leave the file where it is. */
function openFirst(file: string, tries = 100): { fd: number; path: string } {
  const fd = open(file)
  try {
    return { fd, path: realpathSync(file) }
  } catch (error) {
    closeSync(fd)
    // Another process rotated it in between.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 1) throw error
    return openFirst(file, tries - 1)
  }
}

const dayOf = (at: number): number => Math.floor(at / 86_400_000)

function lossNotice(lines: number, at: number): string {
  const time = new Date(at).toISOString()
  return `${JSON.stringify({ level: 'error', time, pid: process.pid, logger: 'log', lines, msg: 'the disk did not take these many lines of the log' })}\n`
}

function ignoreErrors(act: () => void): void {
  try {
    act()
  } catch {
    // See where it is called.
  }
}
