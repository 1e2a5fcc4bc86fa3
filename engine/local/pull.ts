/** Pulls sources through reader threads: frames arrive here, already columns, and are handed to `onFrame` one by one. */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { PonteError } from '../../base/error.ts'
import type { Frame } from '../frame.ts'
import type { SourceRef } from '../model.ts'
import type { ReaderCommand, ReadResult, ReadTask } from './reader.ts'
import { interrupted } from './session.ts'

/** Frames that a reader may have under way, about 1 MiB each. */
const CREDITS = 3
/** A reader that was told to stop and does not, is stuck in its driver; its thread is then ended by force. */
const STOP_WITHIN_MS = 10_000

export class Readers {
  #pool: Piscina<ReadTask, ReadResult>
  readonly #threads: number

  /** `threads`: how many ranges are read at the same time, 1 or more. */
  constructor(threads: number) {
    this.#threads = threads
    this.#pool = startPool(threads)
  }

  /**
   * Reads every range of `sources`, several at a time. Resolves when all are read and every frame was taken. On the first
   * failure, or when `signal` aborts, stops all readers, waits for them, then throws: the reader's own PonteError,
   * `engine.read_failed`, what `onFrame` threw, or `engine.interrupted`.
   */
  async pull(sources: readonly { source: SourceRef; onFrame: (frame: Frame) => void }[], signal: AbortSignal): Promise<void> {
    const queue = sources.flatMap(({ source, onFrame }) => source.ranges.map((range) => ({ source, range, onFrame })))
    const stop = new AbortController()
    const forward = () => stop.abort(interrupted(signal.reason))
    if (signal.aborted) forward()
    signal.addEventListener('abort', forward, { once: true })
    const worker = async () => {
      for (let next = queue.shift(); next !== undefined && !stop.signal.aborted; next = queue.shift()) {
        try {
          await this.#readRange(next.source, next.range, next.onFrame, stop.signal)
        } catch (error) {
          // The first failure is the reason; those that follow from stopping the others are not.
          stop.abort(error)
        }
      }
    }
    try {
      await Promise.all(Array.from({ length: this.#threads }, worker))
    } finally {
      signal.removeEventListener('abort', forward)
    }
    if (stop.signal.aborted) throw stop.signal.reason
  }

  /** Ends the threads. Call when nothing is being pulled. */
  async close(): Promise<void> {
    await this.#pool.destroy()
  }

  /** Safe by force: readers hold no DuckDB. Others that read at this moment fail with `engine.reader_died`. */
  #replacePool(): void {
    void this.#pool.destroy()
    this.#pool = startPool(this.#threads)
  }

  async #readRange(source: SourceRef, range: unknown, onFrame: (frame: Frame) => void, stop: AbortSignal): Promise<void> {
    const { port1: ours, port2: theirs } = new MessageChannel()
    const inbox = new Inbox(ours, onFrame)
    let stuck: NodeJS.Timeout | undefined
    const abort = () => {
      send(ours, 'abort')
      stuck = setTimeout(() => this.#replacePool(), STOP_WITHIN_MS)
    }
    stop.addEventListener('abort', abort, { once: true })
    try {
      send(ours, { credits: CREDITS })
      const task: ReadTask = { module: source.module, settings: source.settings, range, port: theirs }
      inbox.failed.catch(() => send(ours, 'abort'))
      const result = await this.#pool.run(task, { transferList: [theirs] }).catch((cause: unknown) => {
        throw readerDied(cause)
      })
      // A failure to store is the cause of the abort that the reader then reports.
      await inbox.until(result.ok ? result.frames : 0)
      if (!result.ok) throw toError(result)
    } finally {
      clearTimeout(stuck)
      stop.removeEventListener('abort', abort)
      ours.close()
    }
  }
}

function startPool(threads: number): Piscina<ReadTask, ReadResult> {
  return new Piscina({
    // Compiled code lies beside this file as .js; under tsx and vitest the thread loads the .ts itself.
    filename: new URL(import.meta.url.endsWith('.ts') ? './reader.ts' : './reader.js', import.meta.url).href,
    name: 'readRange',
    // Rows live until their page is in a frame: with room for some pages they die young, and are not copied about.
    resourceLimits: { maxYoungGenerationSizeMb: 48 },
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: 30_000,
  })
}

/** Takes frames from a port, in order, and gives a credit back for each. */
class Inbox {
  /** Rejects with what `onFrame` threw; never resolves. */
  readonly failed: Promise<never>
  #taken = 0
  #arrived: () => void = () => undefined

  constructor(port: MessagePort, onFrame: (frame: Frame) => void) {
    let fail: (error: unknown) => void
    this.failed = new Promise((_, reject) => {
      fail = reject
    })
    let broken = false
    port.on('message', (frame: Frame) => {
      if (broken) return
      try {
        onFrame(frame)
      } catch (error) {
        broken = true
        fail(error)
        return
      }
      this.#taken += 1
      send(port, { credits: 1 })
      this.#arrived()
    })
  }

  /** Resolves once `frames` frames were taken; rejects when one could not be. */
  async until(frames: number): Promise<void> {
    const complete = async () => {
      while (this.#taken < frames) {
        await new Promise<void>((resolve) => {
          this.#arrived = resolve
        })
      }
    }
    // `failed` first: when both are settled, the failure counts.
    await Promise.race([this.failed, complete()])
  }
}

function send(port: MessagePort, command: ReaderCommand): void {
  port.postMessage(command)
}

function readerDied(cause: unknown): PonteError {
  return new PonteError('engine.reader_died', 'a reader thread ended before its range was read', {
    hint: 'start the run again; when it repeats, look for lack of memory or a driver that hangs',
    cause,
  })
}

function toError(result: ReadResult & { ok: false }): PonteError {
  return new PonteError(result.code, result.message, { hint: result.hint, exitCode: result.exitCode, cause: new Error(result.detail) })
}
