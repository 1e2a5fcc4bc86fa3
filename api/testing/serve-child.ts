/**
 * The API in a process of its own, for tests that kill it, starve it, or measure it, and for the bench. Only ERP and CRM are
 * missing. Argument: JSON, see `Served`. Says `{ url }` when it listens; answers the message `figures` with its counts.
 */
import { createHash } from 'node:crypto'
import { openDisk } from '../../base/files/atomic-file.ts'
import { createLog } from '../../base/log/log.ts'
import type { Spotter } from '../../connectors/crm/spotter/types.ts'
import type { Erp } from '../../connectors/erp/erp.ts'
import { createStatePool } from '../../connectors/state/pool.ts'
import { openLane } from '../../queue-dirs/lane.ts'
import type { LaneName } from '../../records/kinds.ts'
import { createApp } from '../app.ts'
import type { ApiSettings } from '../deps.ts'
import { listen } from '../http/listen.ts'

export interface Served {
  readonly queueRoot: string
  readonly stateUrl: string
  readonly logFile: string
  /** Of scope webhook. */
  readonly token: string
  readonly settings?: Partial<ApiSettings>
  readonly port?: number
}

export interface Figures {
  readonly rss: number
  readonly fileSyncs: number
  readonly directorySyncs: number
  readonly cpuMs: number
  readonly woken: number
}

const served = JSON.parse(process.argv[2]!) as Served
const syncs = { sync: 0, 'sync-directory': 0 }
const disk = openDisk({
  room: 'queue',
  onStep: (op) => {
    if (op === 'sync' || op === 'sync-directory') syncs[op] += 1
  },
})
const absent = <T>() => new Proxy({}, { get: () => () => Promise.reject(new Error('not here')) }) as T
const lane = (name: LaneName) => openLane({ root: served.queueRoot, name }, { disk })
const lanes = { leads: await lane('leads'), contacts: await lane('contacts') }
let woken = 0

const app = createApp({
  erp: absent<Erp>(),
  crm: absent<Spotter>(),
  state: createStatePool(served.stateUrl),
  lanes,
  log: createLog({ name: 'api', level: 'info', file: served.logFile }),
  wake: () => {
    woken += 1
  },
  settings: {
    tokens: [{ name: 'sender', scope: 'webhook', sha256: createHash('sha256').update(served.token).digest('hex') }],
    webhookSecrets: [],
    webhookPathSecrets: [],
    webhookAddresses: [],
    legacyDuplicateCodes: false,
    productId: 10_001,
    qualification: [],
    qualificationPauseMs: 0,
    requestsPerMinute: 100_000_000,
    trustedProxies: [],
    ...served.settings,
  },
})
const server = await listen(app, { host: '127.0.0.1', port: served.port ?? 0, trustedProxies: [] })

process.on('message', (message) => {
  if (message !== 'figures') return
  if (typeof globalThis.gc === 'function') globalThis.gc()
  const { user, system } = process.cpuUsage()
  const figures: Figures = {
    rss: process.memoryUsage.rss(),
    fileSyncs: syncs.sync,
    directorySyncs: syncs['sync-directory'],
    cpuMs: (user + system) / 1000,
    woken,
  }
  process.send!(figures)
})
process.once('SIGTERM', async () => {
  await server.close()
  await Promise.all(Object.values(lanes).map((each) => each.close()))
  process.exit(0)
})
process.send!({ url: server.url })
