/**
 * Thread entry: reads one range of a source and sends its frames through a port.
 *
 * credit: the right to send one frame. The engine gives a few at first and one more for each frame that it has stored,
 *         so a quick source can never fill the memory.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { PonteError } from '../../base/error.ts'
import type { ReadRange } from '../frame.ts'

export interface ReadTask {
  readonly module: string
  readonly settings: unknown
  readonly range: unknown
  readonly port: MessagePort
}

/** What the engine sends to a reader. */
export type ReaderCommand = { readonly credits: number } | 'abort'

/** How a range ended. An error cannot cross threads whole, so its parts do. */
export type ReadResult =
  | { readonly ok: true; readonly frames: number }
  | {
      readonly ok: false
      readonly aborted: boolean
      readonly code: string
      readonly message: string
      readonly hint: string
      readonly exitCode: 1 | 2 | 3
      readonly detail: string
    }

/** Called by piscina, once per range. Never throws. */
export async function readRange(task: ReadTask): Promise<ReadResult> {
  const abort = new AbortController()
  const credits = new Credits(task.port, abort)
  try {
    const source = (await import(task.module)) as { read?: ReadRange }
    if (typeof source.read !== 'function') throw noReader(task.module)
    let frames = 0
    for await (const frame of source.read({ settings: task.settings, range: task.range }, abort.signal)) {
      await credits.take()
      abort.signal.throwIfAborted()
      task.port.postMessage(frame, [frame.buffer])
      frames += 1
    }
    abort.signal.throwIfAborted()
    return { ok: true, frames }
  } catch (error) {
    return failed(error, abort.signal.aborted)
  } finally {
    credits.stop()
  }
}

class Credits {
  readonly #port: MessagePort
  readonly #abort: AbortController
  #left = 0
  #wake: () => void = () => undefined

  constructor(port: MessagePort, abort: AbortController) {
    this.#port = port
    this.#abort = abort
    // What was sent before this thread took the task, an abort perhaps, counts before the source is opened.
    for (let waiting = receiveMessageOnPort(port); waiting !== undefined; waiting = receiveMessageOnPort(port)) this.#obey(waiting.message)
    port.on('message', (command: ReaderCommand) => this.#obey(command))
  }

  /** Resolves when a frame may be sent, or when the reader is told to stop. */
  async take(): Promise<void> {
    while (this.#left === 0 && !this.#abort.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#left -= 1
  }

  stop(): void {
    this.#port.removeAllListeners('message')
    this.#port.unref()
  }

  #obey(command: ReaderCommand): void {
    if (command === 'abort') this.#abort.abort()
    else this.#left += command.credits
    this.#wake()
  }
}

function noReader(module: string): PonteError {
  return new PonteError('engine.no_reader', `${module.split('/').at(-1)} exports no function \`read\``, {
    hint: 'this is a fault of the connector, report it',
  })
}

function failed(error: unknown, aborted: boolean): ReadResult {
  const known = isPonteError(error)
  return {
    ok: false,
    aborted,
    code: known ? error.code : 'engine.read_failed',
    message: known ? error.message : 'a source failed while it was read',
    hint: known ? error.hint : 'see the cause; then start the run again',
    exitCode: known ? error.exitCode : 1,
    detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }
}

/** By shape: the source module may have loaded its own copy of the class. */
function isPonteError(error: unknown): error is PonteError {
  return error instanceof Error && error.name === 'PonteError' && 'code' in error && 'hint' in error && 'exitCode' in error
}
