/**
 * What the simulated CRM did, in order: one effect per idempotency key. On disk one JSON line each, fsynced before it is acknowledged,
 * so that killing the simulator loses and doubles nothing.
 */
import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

export interface CustomerBody {
  readonly customerId: number
  readonly name: string
  readonly phone: string | null
}

export interface Effect {
  readonly seq: number
  readonly key: string
  readonly body: CustomerBody
}

export interface Effects {
  readonly all: readonly Effect[]
  byKey(key: string): Effect | undefined
  add(key: string, body: CustomerBody): Effect
  close(): void
}

/** @param file null: in memory only */
export function openEffects(file: string | null): Effects {
  const all: Effect[] = []
  const byKey = new Map<string, Effect>()
  const keep = (effect: Effect) => {
    all.push(effect)
    byKey.set(effect.key, effect)
  }
  const fd = file === null ? null : openFile(file, keep)
  return {
    all,
    byKey: (key) => byKey.get(key),
    add(key, body) {
      const effect = { seq: all.length + 1, key, body }
      if (fd !== null) {
        writeSync(fd, `${JSON.stringify(effect)}\n`)
        fsyncSync(fd)
      }
      keep(effect)
      return effect
    },
    close() {
      if (fd !== null) closeSync(fd)
    },
  }
}

/** A torn last line was told to nobody: it is cut off. */
function openFile(file: string, keep: (effect: Effect) => void): number {
  mkdirSync(dirname(file), { recursive: true, mode: 0o750 })
  const fd = openSync(file, 'a+', 0o640)
  const bytes = readFileSync(file)
  const whole = bytes.lastIndexOf('\n') + 1
  if (whole < bytes.length) ftruncateSync(fd, whole)
  for (const line of bytes.subarray(0, whole).toString('utf8').split('\n')) if (line !== '') keep(JSON.parse(line) as Effect)
  return fd
}
