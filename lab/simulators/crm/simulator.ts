import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerControl, controlPath } from './control.ts'
import type { FaultsInput } from './http/fault-settings.ts'
import { answerCrm, send, surprised } from './http/request.ts'
import type { CrmOptions, Policies, QuotaSettings } from './http/settings.ts'
import type { TrafficReport } from './http/traffic.ts'
import { type Machine, openMachine } from './machine.ts'
import type { SeedRow } from './state/base-file.ts'
import type { EffectQuery } from './state/effect-log.ts'
import { lockFolder } from './state/folder-lock.ts'
import type { Effect } from './state/model.ts'
import type { CrmState } from './state/state.ts'
import type { WebhooksInput } from './webhooks/settings.ts'
import type { WebhookReport } from './webhooks/webhooks.ts'

export interface CrmSimulatorSettings {
  /** 0, the default, picks a free one. */
  readonly port?: number
  readonly host?: string
  /** Created when absent. Holds `effects.ndjson` and base files; belongs to one simulator at a time. */
  readonly dataDir: string
  /** What the header `token_exact` must say. */
  readonly token: string
  /** Left out: 30 requests in any 20 s. null: no quota. */
  readonly quota?: Partial<QuotaSettings> | null
  /** Of every random choice: same seed and same requests in the same order meet the same faults. */
  readonly seed?: number
  readonly options?: CrmOptions
  /** NDJSON of seed rows, loaded only when the data folder holds no effect yet. */
  readonly load?: string
  /** Where to send webhooks; left out or null: nowhere. */
  readonly webhooks?: WebhooksInput | null
}

export interface CrmSimulator {
  /** `http://127.0.0.1:<port>/v3/`: what API_URL should say. Any other base path works as well. */
  readonly url: string
  readonly controlUrl: string
  readonly port: number
  readonly seed: number
  /** Adds rows in bulk as one `loaded` effect; a row whose id exists replaces it. Throws PonteError `simulators.seed_invalid`. */
  load(rows: string | Iterable<SeedRow>): Promise<{ rows: number }>
  /** Replaces all faults; `{}` ends them. */
  setFaults(faults: FaultsInput): void
  setPolicies(policies: Partial<Policies>): void
  setQuota(quota: Partial<QuotaSettings> | null): void
  /** Replaces all settings of webhooks; what waits goes by the new ones. null: off, and what waits has failed. Throws ZodError. */
  setWebhooks(settings: WebhooksInput | null): void
  webhooks(): WebhookReport
  /** Sends at once what is held back or delayed, and resolves when no webhook of an effect made so far waits. */
  flushWebhooks(): Promise<void>
  /** Effects on disk, oldest first. */
  effects(query?: EffectQuery): Promise<Effect[]>
  /** Called for each effect once it is on disk, in order. Returns the way to stop. */
  onEffect(listener: (effect: Effect) => void): () => void
  requests(windowMs?: number): TrafficReport
  /** For tests and checkers to read. */
  readonly state: CrmState
  reset(keepBase?: boolean): Promise<void>
  /** Cuts what is in flight. Everything that was answered is on disk. Safe to repeat. */
  close(): Promise<void>
}

/**
 * Starts an HTTP server that behaves like Exact Spotter for the calls that Ponte makes, and fails on demand.
 * An effect is fsynced in `effects.ndjson` before its answer leaves; a restart goes on from there.
 * Throws PonteError `simulators.*` (folder in use, log corrupt, seed invalid), ZodError for wrong settings, and the
 * system's own error when the port is taken.
 */
export async function startCrmSimulator(settings: CrmSimulatorSettings): Promise<CrmSimulator> {
  const { dataDir, token, host = '127.0.0.1', port = 0, seed = 1, quota = {}, options = {}, webhooks = null } = settings
  mkdirSync(dataDir, { recursive: true, mode: 0o750 })
  const unlock = await lockFolder(dataDir)
  let machine: Machine | undefined
  try {
    machine = await openMachine({ dataDir, seed, quota, options, webhooks })
    const { webhooks: sender, crm } = machine
    if (settings.load !== undefined && machine.crm.log.lastSeq === 0) await machine.load(settings.load)
    const closing = new AbortController()
    const server = await listen(createCrmServer(machine, token, closing.signal), port, host)
    let closed: Promise<void> | undefined
    return simulatorOf(machine, server, host, () => {
      closing.abort()
      server.close()
      server.closeAllConnections()
      sender.close()
      closed ??= crm.log.close().finally(unlock)
      return closed
    })
  } catch (error) {
    machine?.webhooks.close()
    await machine?.crm.log.close()
    await unlock()
    throw error
  }
}

function createCrmServer(machine: Machine, token: string, closing: AbortSignal): Server {
  // Idle connections live longer than any client's pool keeps them, so that cuts are always our own doing.
  return createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
    response.on('error', () => {})
    const isControl = request.url?.startsWith(`${controlPath}/`)
    const answer = isControl ? answerControl(machine, request) : answerCrm(machine, token, request, closing)
    answer.then(
      (wire) => send(response, wire),
      () => send(response, closing.aborted ? null : surprised()),
    )
  })
}

function listen(server: Server, port: number, host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}

function simulatorOf(machine: Machine, server: Server, host: string, close: () => Promise<void>): CrmSimulator {
  const { port } = server.address() as AddressInfo
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  const { log, state } = machine.crm
  return {
    url: `${origin}/v3/`,
    controlUrl: `${origin}${controlPath}/`,
    port,
    seed: machine.seed,
    load: machine.load,
    setFaults: machine.setFaults,
    setPolicies: machine.setPolicies,
    setQuota: machine.setQuota,
    setWebhooks: machine.webhooks.set,
    webhooks: machine.webhooks.report,
    async flushWebhooks() {
      await log.durable()
      await machine.webhooks.flush()
    },
    async effects(query = {}) {
      await log.durable()
      return log.read(query)
    },
    onEffect: log.onDurable,
    requests: (windowMs = machine.quota?.settings.windowMs ?? 20_000) => machine.traffic.report(windowMs),
    state,
    reset: (keepBase = true) => machine.reset(keepBase),
    close,
  }
}
