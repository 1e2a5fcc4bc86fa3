/**
 * Single letters written by a thread of their own: a process that answers requests gives the disk's calls, some of which wait, to
 * somebody who has time. Letters of one turn of the event loop travel together.
 */
import { Worker } from 'node:worker_threads'
import { PonteError } from '../base/error.ts'
import type { Lane, LaneName } from './lane.types.ts'
import type { Order, Outcome, WriterSettings } from './writer-thread.ts'

export interface Writer {
  /** The same lane, whose `enqueue` and `enqueueIf` are done by the thread. */
  lane(lane: Lane): Lane
  /** Ends the thread when what it was given is done. */
  close(): Promise<void>
}

/** Compiled, the thread is a module like any other. TypeScript (tests, benches) a thread learns only when it is told to. */
const THREAD = import.meta.url.endsWith('.ts')
  ? `const load = require('node:module').createRequire(${JSON.stringify(import.meta.url)}); load('tsx/cjs'); load('./writer-thread.ts')`
  : `import(${JSON.stringify(new URL('./writer-thread.js', import.meta.url).href)})`

/**
 * The thread is started when the first letter comes, and again should it end by surprise: its letters were not acknowledged.
 * @param onStart for tests, which end it by surprise
 */
export function openWriter(settings: WriterSettings, onStart: (thread: Worker) => void = () => {}): Writer {
  const waiting = new Map<number, (outcome: Outcome) => void>()
  const unfinished = new Set<Promise<unknown>>()
  let orders: Order[] = []
  let thread: Worker | null = null
  let last = 0

  const start = (): Worker => {
    const worker = new Worker(THREAD, { eval: true, workerData: settings })
    const lost = (cause?: Error) => {
      if (thread !== worker) return
      thread = null
      for (const [number, settle] of waiting) settle({ number, name: null, error: threadLost(cause) })
      waiting.clear()
    }
    worker.on('message', (outcomes: readonly Outcome[]) => {
      for (const outcome of outcomes) {
        waiting.get(outcome.number)?.(outcome)
        waiting.delete(outcome.number)
      }
    })
    worker.on('error', lost)
    worker.on('exit', () => lost())
    onStart(worker)
    return worker
  }
  const send = (order: Order): void => {
    if (orders.push(order) > 1) return
    setImmediate(() => {
      thread ??= start()
      thread.postMessage(orders)
      orders = []
    })
  }
  const write = async (lane: LaneName, wanted: Promise<boolean>, prefix: string, slug: string, body: string): Promise<string | null> => {
    const number = ++last
    const written = new Promise<Outcome>((resolve) => waiting.set(number, resolve))
    send({ number, lane, prefix, slug, body })
    const answered = wanted.then(
      (answer) => send({ number, wanted: answer }),
      (error: unknown) => {
        send({ number, wanted: false })
        throw error
      },
    )
    const [, { name, error }] = await Promise.all([answered, written])
    if (error) throw new PonteError(error.code, error.message, { hint: error.hint, cause: new Error(error.cause) })
    return name
  }
  const put: typeof write = (...letter) => {
    const result = write(...letter)
    unfinished.add(result)
    const forget = () => unfinished.delete(result)
    result.then(forget, forget)
    return result
  }
  return {
    lane: (lane) => ({
      ...lane,
      enqueue: async (prefix, slug, body) => (await put(lane.name, Promise.resolve(true), prefix, slug, body))!,
      enqueueIf: (wanted, prefix, slug, body) => put(lane.name, wanted, prefix, slug, body),
    }),
    async close() {
      await Promise.allSettled(unfinished)
      const worker = thread
      thread = null
      if (!worker) return
      const gone = new Promise((resolve) => worker.once('exit', resolve))
      worker.postMessage('close')
      await gone
    },
  }
}

const threadLost = (cause?: Error): NonNullable<Outcome['error']> => ({
  code: 'queue.writer_lost',
  message: 'the thread that writes letters ended by surprise',
  hint: 'nothing of what it held was accepted: send it again; the cause is a defect or a lack of memory',
  cause: cause?.message ?? 'it exited',
})
