/** Both directions whole, for tests: a bridge, the API listening on a port of its own, and a simulated CRM that sends its webhooks there. */
import { createHash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import type { QueueBackend } from '../../connectors/queue-backend/queue-backend.ts'
import { jobNamed } from '../../jobs/catalogue.ts'
import { type RunReport, runJob } from '../../jobs/run/run-job.ts'
import { createWaker, type Waker } from '../../jobs/run/waker.ts'
import { type Bridge, type BridgeOptions, openBridge } from '../../jobs/testing/bridge.ts'
import { type Ask, asker } from '../../lab/simulators/crm/testing.ts'
import type { WebhooksInput } from '../../lab/simulators/crm/webhooks/settings.ts'
import { createApp } from '../app.ts'
import type { ApiSettings } from '../deps.ts'

export const webhookToken = 'two-way-webhook-token-for-tests'
export const webhookSecret = `whsec_${Buffer.from('two-way-secret-of-32-bytes-long!').toString('base64')}`

export interface TwoWayOptions extends BridgeOptions {
  readonly settings?: Partial<ApiSettings>
  readonly webhooks?: Partial<WebhooksInput>
  /** Default: letters wait until a job is run. `wake`: as in production. */
  readonly wake?: boolean
  readonly ticks?: () => Promise<QueueBackend>
}

export interface TwoWay {
  readonly bridge: Bridge
  /** Of the API, without a slash at its end. */
  readonly url: string
  readonly waker: Waker
  /** What a user of the CRM does at its screen, through the simulator's control API. */
  readonly crmUser: Ask
  /** Other settings of the simulator's webhooks; where they go stays. */
  webhooks(further: Partial<WebhooksInput>): void
  /** Webhooks have arrived, then the inbound jobs run until they find nothing. */
  absorb(): Promise<RunReport[]>
  /** Every scheduled job once, webhooks between and after. */
  round(): Promise<RunReport[]>
  run(job: string): Promise<RunReport>
  close(): Promise<void>
}

const inbound = ['job_update_converted_lead_in_erp', 'job_update_leads_in_erp', 'job_descarta_lead', 'job_update_contact_in_erp']

export async function openTwoWay(options: TwoWayOptions = {}): Promise<TwoWay> {
  const bridge = await openBridge(options)
  const { context, simulator } = bridge
  const waker = createWaker(context)
  const app = createApp({
    ...context,
    wake: options.wake ? waker.wake : () => {},
    ...(options.ticks ? { ticks: options.ticks } : {}),
    settings: { ...defaults, ...options.settings },
  })
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const listening = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, () => resolve(listening))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const webhooks = (further: Partial<WebhooksInput>) =>
    simulator.setWebhooks({ baseUrl: url, token: webhookToken, secrets: [webhookSecret], ...further })
  webhooks(options.webhooks ?? {})
  const run = (job: string) => runJob(context, jobNamed(job))
  const absorb = async () => {
    await simulator.flushWebhooks()
    const reports: RunReport[] = []
    for (const job of inbound) reports.push(await run(job))
    return reports
  }
  return {
    bridge,
    url,
    waker,
    crmUser: asker(simulator.controlUrl),
    webhooks,
    absorb,
    run,
    async round() {
      const before = await absorb()
      const reports = await bridge.allJobs()
      return [...before, ...reports, ...(await absorb())]
    },
    async close() {
      simulator.setWebhooks(null)
      await waker.close()
      await new Promise((resolve) => server.close(resolve))
      await bridge.close()
    },
  }
}

const defaults: ApiSettings = {
  tokens: [{ name: 'crm', scope: 'webhook', sha256: createHash('sha256').update(webhookToken).digest('hex') }],
  webhookSecrets: [webhookSecret],
  webhookPathSecrets: [],
  webhookAddresses: [],
  legacyDuplicateCodes: false,
  productId: 10001,
  qualification: [],
  qualificationPauseMs: 20,
  requestsPerMinute: 0,
  trustedProxies: [],
}
