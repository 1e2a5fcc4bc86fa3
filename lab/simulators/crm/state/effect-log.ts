import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { PonteError } from '../../../../base/error.ts'
import { readEffectLog } from './effect-log-file.ts'
import { eachLine } from './lines.ts'
import type { Effect, EffectDraft, EffectKind } from './model.ts'

/**
 * The append-only effect log: one JSON line per effect, never rewritten.
 *
 *   append ─> waiting lines ─> one write ─> one fdatasync ─> durable, then told
 *
 * Appends that arrive during a flush share the next one. A failed write or fsync breaks the log for good: after an fsync
 * error the kernel may have dropped the pages, so a second try would prove nothing (Rebello).
 */
export interface EffectLog {
  readonly lastSeq: number
  /** Numbers the effect and queues its line. Throws PonteError `simulators.log_broken` once the disk has failed. */
  append(draft: EffectDraft): Effect
  /** Resolves when everything appended before the call is on disk; rejects with `simulators.log_broken`. */
  durable(): Promise<void>
  /** Called once per effect, in order of seq, after its fsync. Returns the way to stop. */
  onDurable(listener: (effect: Effect) => void): () => void
  /** Effects on disk with `seq > since`, oldest first. */
  read(query: EffectQuery): Promise<Effect[]>
  close(): Promise<void>
}

export interface EffectQuery {
  readonly since?: number | undefined
  readonly kind?: EffectKind | undefined
  readonly by?: Effect['by'] | undefined
  readonly limit?: number | undefined
}

/** Effects read from disk at a time by `read`. */
const readAhead = 2_000

/** SHA-256 over kind and body with sorted keys, first 32 hex characters. */
export function digestOf(kind: string, body: unknown): string {
  return createHash('sha256')
    .update(`${kind}\n${JSON.stringify(body, sortedKeys)}`)
    .digest('hex')
    .slice(0, 32)
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Opens `file`, after `replay` has seen every effect in it. Throws as `readEffectLog` does. */
export async function openEffectLog(file: string, replay: (effect: Effect) => void): Promise<EffectLog> {
  const offsets = readEffectLog(file, replay)
  return appender(file, await open(file, 'r+'), offsets)
}

function appender(file: string, handle: FileHandle, offsets: number[]): EffectLog {
  const listeners = new Set<(effect: Effect) => void>()
  let waiting: { effect: Effect; line: Buffer }[] = []
  let lastSeq = offsets.length - 1
  let flushing: Promise<void> | null = null
  let broken: PonteError | null = null

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      const start = offsets[offsets.length - 1]!
      const bytes = Buffer.concat(batch.map((entry) => entry.line))
      try {
        let done = 0
        while (done < bytes.length) done += (await handle.write(bytes, done, bytes.length - done, start + done)).bytesWritten
        await handle.datasync()
      } catch (cause) {
        broken = new PonteError('simulators.log_broken', `the effect log ${file} could not be written`, {
          hint: 'Check space and health of the disk, then restart the simulator; it goes on from what was saved.',
          cause,
        })
        throw broken
      }
      for (const { line } of batch) offsets.push(offsets[offsets.length - 1]! + line.length)
      // On their own turn: a listener that throws must be seen, but must not stop the log.
      for (const { effect } of batch) for (const listener of listeners) queueMicrotask(() => listener(effect))
    }
  }

  function startFlush(): Promise<void> {
    // One turn of the event loop lets the requests that arrived together share one fsync.
    const running = new Promise<void>((resolve) => setImmediate(resolve)).then(flush)
    running.then(
      () => {
        flushing = null
        if (waiting.length > 0) flushing = startFlush()
      },
      () => {},
    )
    return running
  }

  async function durable(): Promise<void> {
    const target = lastSeq
    while (offsets.length - 1 < target) {
      if (broken !== null) throw broken
      flushing ??= startFlush()
      await flushing
    }
    if (broken !== null) throw broken
  }

  return {
    get lastSeq() {
      return lastSeq
    },
    append(draft) {
      if (broken !== null) throw broken
      lastSeq += 1
      const effect: Effect = { seq: lastSeq, digest: digestOf(draft.kind, draft.body), ...draft }
      waiting.push({ effect, line: Buffer.from(`${JSON.stringify(effect)}\n`) })
      flushing ??= startFlush()
      return effect
    },
    durable,
    onDurable(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async read({ since = 0, kind, by, limit = Number.POSITIVE_INFINITY }) {
      const found: Effect[] = []
      const last = offsets.length - 1
      for (let seq = Math.min(Math.max(since, 0), last); seq < last && found.length < limit; seq += readAhead) {
        const from = offsets[seq]!
        const bytes = Buffer.alloc(offsets[Math.min(seq + readAhead, last)]! - from)
        await handle.read(bytes, 0, bytes.length, from)
        for (const line of eachLine(bytes)) {
          const effect = JSON.parse(line.text) as Effect
          if (found.length < limit && (kind === undefined || effect.kind === kind) && (by === undefined || effect.by === by))
            found.push(effect)
        }
      }
      return found
    },
    async close() {
      try {
        if (broken === null) await durable()
      } finally {
        await handle.close()
      }
    },
  }
}
