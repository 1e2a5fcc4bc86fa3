/** What is told of an alert, and how it is signed (Standard Webhooks). */
import { createHmac } from 'node:crypto'
import { zonedTime } from '../../base/zone.ts'
import type { AlertRow } from '../../connectors/state/watch/alerts.ts'
import { type AlertCode, alerts } from './alert-catalogue.ts'

export interface AlertMessage {
  /** The same message sent twice (its answer was lost, or its sender was killed) has the same id. */
  readonly id: string
  readonly type: 'alert.firing' | 'alert.still_firing' | 'alert.resolved'
  readonly code: AlertCode
  readonly subject: string
  readonly severity: 'critical' | 'warning'
  /** One line for people; chat services show it. */
  readonly text: string
  readonly summary: string
  readonly meaning: string
  readonly since: string
  readonly endedAt: string | null
  readonly runbook: string
}

/** @param where.runbook where the runbook is, without an anchor @param where.zone for people */
export function alertMessage(
  row: Omit<AlertRow, 'attempts'>,
  { runbook, zone }: { readonly runbook: string; readonly zone: string },
): AlertMessage {
  const code = row.code as AlertCode
  const { severity, meaning } = alerts[code]
  const type = row.status === 'resolved' ? 'alert.resolved' : row.notifications === 0 ? 'alert.firing' : 'alert.still_firing'
  const word = { 'alert.firing': 'ALERT', 'alert.still_firing': 'STILL', 'alert.resolved': 'OVER' }[type]
  const number = row.status === 'resolved' ? 'end' : row.notifications
  return {
    id: ['ponte', code, row.subject.replace(/[^A-Za-z0-9_-]/g, '-'), row.since.getTime(), number].join('_'),
    type,
    code,
    subject: row.subject,
    severity,
    text: `${word} ${code}: ${row.summary} (since ${zonedTime(row.since, zone)})`,
    summary: row.summary,
    meaning,
    since: row.since.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
    runbook: `${runbook}#${code}`,
  }
}

/** @param secret whsec_...; null: not signed @param seconds epoch */
export function signedHeaders(id: string, body: string, secret: string | null, seconds: number): Record<string, string> {
  const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': String(seconds) }
  if (secret === null) return headers
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')
  return { ...headers, 'webhook-signature': `v1,${signature}` }
}
