/** The alerts that are open, for people: by what is wrong, with what it means and what the runbook says. */
import type pg from 'pg'
import { type AlertRow, isWatched, openAlerts } from '../../connectors/state/watch/alerts.ts'
import { type Alert, alerts } from './alert-catalogue.ts'
import { type RunbookPart, runbookSection } from './runbook.ts'

export interface OpenAlert extends Alert {
  readonly code: string
  /** One of each subject, the oldest first. Never empty. */
  readonly open: readonly { readonly subject: string; readonly summary: string; readonly since: Date; readonly told: boolean }[]
  readonly runbook: readonly RunbookPart[]
}

export interface AlertsNow {
  /** False: no process looks, so that nothing new would show. */
  readonly watched: boolean
  /** Critical ones first, then the oldest. */
  readonly alerts: readonly OpenAlert[]
}

/** @throws PonteError `state.*` */
export async function alertsNow(state: pg.Pool): Promise<AlertsNow> {
  const [rows, watched] = await Promise.all([openAlerts(state), isWatched(state)])
  return { watched, alerts: byCode(rows) }
}

type Row = Pick<AlertRow, 'code' | 'subject' | 'summary' | 'since' | 'notifications'>

/** @param rows the oldest first */
export function byCode(rows: readonly Row[]): OpenAlert[] {
  const codes = [...new Set(rows.map(({ code }) => code))]
  const found = codes.map((code) => ({
    code,
    ...(code in alerts ? alerts[code as keyof typeof alerts] : fromElsewhere),
    open: rows
      .filter((row) => row.code === code)
      .map(({ subject, summary, since, notifications }) => ({ subject, summary, since, told: notifications > 0 })),
    runbook: runbookSection(code),
  }))
  const rank = ({ severity }: Alert) => (severity === 'critical' ? 0 : 1)
  return found.sort((one, other) => rank(one) - rank(other))
}

const fromElsewhere: Alert = { severity: 'warning', meaning: 'Raised by another version of Ponte; its runbook says more.' }
