/** Settings of those who watch: metrics, traces, alerts, heartbeat, the log's rotation. */
import { z } from 'zod'
import { isNetwork, isWebhookSecret, list, whole } from './values.ts'

/** Those that may come from a file: addresses of such services hold a key. */
export const watchSecrets = ['ALERT_WEBHOOK_URL', 'ALERT_WEBHOOK_SECRET', 'HEARTBEAT_URL', 'OTEL_EXPORTER_OTLP_HEADERS'] as const

export interface WatchSettings {
  /** Who may read /metrics without a token: addresses and networks. */
  readonly metricsAddresses: readonly string[]
  /** Where a worker answers /metrics; null: nowhere (the API answers on its own port). */
  readonly metricsListen: { readonly host: string; readonly port: number } | null
  /** null: no traces. */
  readonly traces: { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly serviceName: string } | null
  readonly alerts: AlertSettings
  /** Asked once a minute while the schedules tick; null: never. */
  readonly heartbeatUrl: string | null
  readonly log: { readonly maxBytes: number; readonly keepDays: number; readonly keepFiles: number }
}

export interface AlertSettings {
  /** null: alerts are kept and shown, nobody is told. */
  readonly url: string | null
  /** Standard Webhooks: whsec_...; null: not signed. */
  readonly secret: string | null
  /** Told again after so long. */
  readonly repeatMinutes: number
  /** In which people read times: that of the schedules. */
  readonly zone: string
  /** Where the runbook is, without its anchor. */
  readonly runbook: string
  readonly limits: AlertLimits
}

export interface AlertLimits {
  readonly lagMinutes: number
  readonly deadPerHour: number
  readonly conflictsPerHour: number
  readonly diskFreePercent: number
}

const webAddress = z.string().refine(isWebAddress, 'must be an http or https URL')

export const watchVariables = {
  METRICS_ADDRESSES: list(isNetwork, 'must be IP addresses or networks such as 10.0.0.0/8, comma separated'),
  METRICS_HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be a host name or an IP address')
    .default('127.0.0.1'),
  METRICS_PORT: whole(0, 65_535).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: webAddress.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: list((text) => /^[\w-]+=[\x20-\x2b\x2d-\x7e]+$/.test(text), 'must be name=value, comma separated'),
  OTEL_SERVICE_NAME: z.string().default('ponte'),
  ALERT_WEBHOOK_URL: webAddress.optional(),
  ALERT_WEBHOOK_SECRET: z.string().refine(isWebhookSecret, 'must be whsec_ and 24 to 64 bytes in base64 (Standard Webhooks)').optional(),
  ALERT_REPEAT_MINUTES: whole(1).default(240),
  ALERT_RUNBOOK: z.string().default('deploy/RUNBOOK.md'),
  ALERT_LAG_MINUTES: whole(1).default(60),
  ALERT_DEAD_PER_HOUR: whole(1).default(10),
  ALERT_CONFLICTS_PER_HOUR: whole(1).default(50),
  ALERT_DISK_FREE_PERCENT: whole(0, 100).default(10),
  HEARTBEAT_URL: webAddress.optional(),
  LOG_MAX_MB: whole(1, 100_000).default(50),
  LOG_KEEP_DAYS: whole(1).default(30),
  LOG_KEEP_FILES: whole(1, 10_000).default(20),
}

type WatchEnv = z.infer<z.ZodObject<typeof watchVariables>>

/** @param zone in which people read times */
export function watchSettings(env: WatchEnv, zone: string): WatchSettings {
  return {
    metricsAddresses: env.METRICS_ADDRESSES,
    metricsListen: env.METRICS_PORT === undefined ? null : { host: env.METRICS_HOST, port: env.METRICS_PORT },
    traces: traces(env),
    alerts: {
      url: env.ALERT_WEBHOOK_URL ?? null,
      secret: env.ALERT_WEBHOOK_SECRET ?? null,
      repeatMinutes: env.ALERT_REPEAT_MINUTES,
      zone,
      runbook: env.ALERT_RUNBOOK,
      limits: {
        lagMinutes: env.ALERT_LAG_MINUTES,
        deadPerHour: env.ALERT_DEAD_PER_HOUR,
        conflictsPerHour: env.ALERT_CONFLICTS_PER_HOUR,
        diskFreePercent: env.ALERT_DISK_FREE_PERCENT,
      },
    },
    heartbeatUrl: env.HEARTBEAT_URL ?? null,
    log: { maxBytes: env.LOG_MAX_MB * 1024 * 1024, keepDays: env.LOG_KEEP_DAYS, keepFiles: env.LOG_KEEP_FILES },
  }
}

/** `/v1/traces` is added to the endpoint, as OpenTelemetry's own variable has it. */
function traces(env: WatchEnv): WatchSettings['traces'] {
  if (env.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return null
  const headers = Object.fromEntries(
    env.OTEL_EXPORTER_OTLP_HEADERS.map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), decoded(pair.slice(at + 1))] as const
    }),
  )
  const url = `${env.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/+$/, '')}/v1/traces`
  return { url, headers, serviceName: env.OTEL_SERVICE_NAME }
}

/** Values are percent-encoded by that specification; one that is not stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}
