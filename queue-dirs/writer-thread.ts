/** The thread of writer.ts: real lanes, to which the orders are given as they come. */
import { parentPort, workerData } from 'node:worker_threads'
import { openDisk } from '../base/atomic-file.ts'
import { PonteError } from '../base/error.ts'
import { openLane } from './lane.ts'
import type { Lane, LaneName } from './lane.types.ts'

export interface WriterSettings {
  readonly root: string
  readonly leaseMs?: number
  readonly heartbeatMs?: number
  /** Counts syncs of files (or of the whole file system) and of folders, for who wants to measure. */
  readonly syncs?: Int32Array
}

/** A letter to be written, or the answer to whether it is wanted. */
export type Order =
  | { readonly number: number; readonly lane: LaneName; readonly prefix: string; readonly slug: string; readonly body: string }
  | { readonly number: number; readonly wanted: boolean }

export interface Outcome {
  readonly number: number
  /** null: it was not wanted. */
  readonly name: string | null
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string; readonly cause: string }
}

const { syncs, ...settings } = workerData as WriterSettings
const disk = openDisk({
  room: 'queue',
  onStep: (op) => {
    if (syncs && (op === 'sync' || op === 'sync-file-system')) syncs[0]! += 1
    if (syncs && op === 'sync-directory') syncs[1]! += 1
  },
})
const lanes = new Map<LaneName, Promise<Lane>>()
const answers = new Map<number, (wanted: boolean) => void>()
let outcomes: Outcome[] = []

const laneOf = (name: LaneName): Promise<Lane> => {
  const lane = lanes.get(name) ?? openLane({ ...settings, name, journal: true }, { disk })
  lanes.set(name, lane)
  // One that could not be opened is tried again with the next letter.
  lane.catch(() => lanes.delete(name))
  return lane
}

async function obey({ number, lane, prefix, slug, body }: Extract<Order, { lane: LaneName }>): Promise<Outcome> {
  const wanted = new Promise<boolean>((resolve) => answers.set(number, resolve))
  try {
    return { number, name: await (await laneOf(lane)).enqueueIf(wanted, prefix, slug, body) }
  } catch (error) {
    return { number, name: null, error: plain(error) }
  }
}

/** Classes do not cross threads. */
function plain(error: unknown): NonNullable<Outcome['error']> {
  if (!(error instanceof PonteError))
    return { code: 'queue.disk_error', message: 'a letter could not be written', hint: 'read the cause', cause: String(error) }
  const cause = error.cause instanceof Error ? error.cause.message : ''
  return { code: error.code, message: error.message, hint: error.hint, cause }
}

function tell(outcome: Outcome): void {
  if (outcomes.push(outcome) > 1) return
  setImmediate(() => {
    parentPort!.postMessage(outcomes)
    outcomes = []
  })
}

async function close(): Promise<void> {
  for (const lane of lanes.values()) await (await lane).close()
  parentPort!.close()
}

parentPort!.on('message', (orders: readonly Order[] | 'close') => {
  if (orders === 'close') return void close()
  for (const order of orders) {
    if ('wanted' in order) {
      answers.get(order.number)?.(order.wanted)
      answers.delete(order.number)
    } else void obey(order).then(tell)
  }
})
