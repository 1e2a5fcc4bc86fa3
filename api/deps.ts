/** What the HTTP API is given. Built by its main (`ponte api`) or by a test; nothing here reads settings or opens connections. */
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Spotter } from '../connectors/crm/spotter/types.ts'
import type { Erp } from '../connectors/erp/erp.ts'
import type { QueueBackend } from '../connectors/queue-backend/queue-backend.ts'
import type { SessionLimits } from '../connectors/state/people/sessions.ts'
import type { Metrics } from '../jobs/watch/metrics.ts'
import type { Lane } from '../queue-dirs/lane.types.ts'
import type { LaneName } from '../records/kinds.ts'

/** webhook: may deliver events · read: may look · operate: may look and act. `operate` includes `read`. */
export type Scope = 'webhook' | 'read' | 'operate'

export interface ApiDeps {
  readonly erp: Erp
  /** The urgent client: calls that people or webhooks wait for pass bulk work. */
  readonly crm: Spotter
  readonly state: pg.Pool
  readonly lanes: Readonly<Record<LaneName, Lane<LaneName>>>
  readonly log: Logger
  /** "There is something for this job": called after a webhook's letter is durable. Returns at once, never throws. */
  readonly wake: (job: string) => void
  readonly settings: ApiSettings
  /** Absent: there is no /metrics. `addresses`: who may read it without a token, addresses and networks. */
  readonly metrics?: { readonly figures: Metrics; readonly addresses: readonly string[] }
  /** What makes jobs tick, for people to look into; opened when it is first asked for. Absent: it cannot be looked into from here. */
  readonly ticks?: () => Promise<QueueBackend>
  /** Aborts when the process is about to end: work in the background stops between two of its steps. */
  readonly stopping?: AbortSignal
}

export interface PageSettings {
  /** IANA name: all times on the pages are of this zone. */
  readonly zone: string
  readonly session: SessionLimits
}

export interface ApiSettings {
  /** From PONTE_TOKENS. Only hashes are kept; further tokens are in the state database. */
  readonly tokens: readonly { readonly name: string; readonly scope: Scope; readonly sha256: string }[]
  /** WEBHOOK_SECRETS: Standard Webhooks, `whsec_...`, several for rotation. Empty: signatures are not asked for. */
  readonly webhookSecrets: readonly string[]
  /** SHA-256 of the secrets that may stand in a path, for senders that cannot set headers (WEBHOOK_PATH_SECRETS). Empty: no such paths. */
  readonly webhookPathSecrets: readonly string[]
  /** Sender addresses (exact or CIDR) that may use a path secret. Empty: any. */
  readonly webhookAddresses: readonly string[]
  /** A duplicated client code answers 409; true: the 200/201 of the old system. */
  readonly legacyDuplicateCodes: boolean
  /** Product that stands for budgets and orders. */
  readonly productId: number
  /** The three questions and answers of the baton hand-over. */
  readonly qualification: readonly { readonly questionId: number; readonly answerId: number }[]
  /** Pause after each of them, milliseconds. */
  readonly qualificationPauseMs: number
  /** Requests per minute, per token and per address. 0 = no limit. */
  readonly requestsPerMinute: number
  /** The address of a client is taken from X-Forwarded-For when the peer is one of these proxies. Empty: never. */
  readonly trustedProxies: readonly string[]
  /** Absent: this app has no pages. */
  readonly pages?: PageSettings
}
