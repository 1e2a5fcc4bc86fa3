/** The demo's receiver: the real API on a port of its own, with a token and a signing secret made for this run, and jobs that webhooks wake. */
import { createHash, randomBytes } from 'node:crypto'
import { createApp } from '../../api/app.ts'
import { listen } from '../../api/http/listen.ts'
import type { Closer } from '../../cli/closer.ts'
import type { Settings } from '../../deploy/env.ts'
import type { Context } from '../../jobs/context.ts'
import { createWaker, type Waker } from '../../jobs/run/waker.ts'
import type { CrmSimulator } from '../simulators/crm/simulator.ts'

export interface DemoApi {
  readonly url: string
  readonly waker: Waker
  /** Webhooks wake nobody until `release`: what the demo counts must not hang on which process was faster. */
  hold(): void
  release(): void
}

export async function openDemoApi(context: Context, settings: Settings, simulator: CrmSimulator, closer: Closer): Promise<DemoApi> {
  const token = randomBytes(24).toString('base64url')
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  const waker = createWaker(context)
  closer.add(() => waker.close())
  let held: Set<string> | null = null
  const app = createApp({
    ...context,
    crm: context.inboundCrm,
    wake: (job) => (held === null ? waker.wake(job) : void held.add(job)),
    settings: {
      ...settings.api,
      productId: settings.productId,
      tokens: [{ name: 'crm', scope: 'webhook', sha256: createHash('sha256').update(token).digest('hex') }],
      webhookSecrets: [secret],
      webhookPathSecrets: [],
      webhookAddresses: [],
      requestsPerMinute: 0,
    },
  })
  const { url, close } = await listen(app, { host: '127.0.0.1', port: 0, trustedProxies: [] })
  closer.add(close)
  simulator.setWebhooks({ baseUrl: url, token, secret })
  closer.add(async () => simulator.setWebhooks(null))
  return {
    url,
    waker,
    hold: () => {
      held ??= new Set()
    },
    release: () => {
      const woken = held ?? []
      held = null
      for (const job of woken) waker.wake(job)
    },
  }
}
