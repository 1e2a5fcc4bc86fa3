/** What the home page shows, collected in one look. */

import { countConflicts } from '../../../connectors/state/changes/agreed.ts'
import { type Hour, hours, type QuotaUse, quotaUse, type Waiting, waitingChanges } from '../../../connectors/state/changes/figures.ts'
import { lastRuns, recentRuns } from '../../../connectors/state/runs/run-history.ts'
import type { Run } from '../../../connectors/state/runs/runs.ts'
import { recordJobs } from '../../../jobs/catalogue.ts'
import { budgetLeads } from '../../../jobs/deals/orca-leads.ts'
import { sellLeads } from '../../../jobs/deals/vende-leads.ts'
import { type AlertsNow, alertsNow } from '../../../jobs/watch/open-alerts.ts'
import { kindNames, kindOf, type LaneName } from '../../../records/kinds.ts'
import type { ApiDeps } from '../../deps.ts'

export const HOURS = 24
export const COMPARES = 40
export const compareJob = 'job_execute_spark'
const outboundJobs = new Set([...recordJobs, budgetLeads, sellLeads].map(({ name }) => name))

export type Way = 'out' | 'in'

/** Letters of one kind in one lane. */
export interface Kind {
  readonly lane: LaneName
  readonly prefix: string
  readonly way: Way
  readonly waiting: number
  readonly inHand: number
  readonly refused: number
  /** Oldest of those that wait or are in hand. */
  readonly oldest: Date | null
}

export interface HomeData {
  readonly at: Date
  readonly alerts: AlertsNow
  readonly conflicts: { readonly lastDay: number; readonly all: number }
  readonly waiting: Waiting
  readonly kinds: readonly Kind[]
  readonly hours: readonly Hour[]
  readonly quotas: readonly QuotaUse[]
  /** Of every job that ever ran, the newest first. */
  readonly runs: readonly Run[]
  /** Oldest first. */
  readonly compares: readonly Run[]
}

export async function homeData({ state, lanes }: Pick<ApiDeps, 'state' | 'lanes'>): Promise<HomeData> {
  const [alerts, conflicts, waiting, perHour, quotas, runs, compares, ...letters] = await Promise.all([
    alertsNow(state),
    countConflicts(state),
    waitingChanges(state),
    hours(state, HOURS),
    quotaUse(state),
    lastRuns(state),
    recentRuns(state, compareJob, COMPARES),
    ...kindNames.map((name) => lanes[name].counts()),
  ])
  return {
    at: new Date(),
    alerts,
    conflicts,
    waiting,
    hours: perHour,
    quotas,
    runs,
    compares: compares.reverse(),
    kinds: kindNames.flatMap((name, index) => kindsOf(name, letters[index]!)),
  }
}

/** Letters that are not for the CRM came from there. */
export const wayOf = (prefix: string): Way => (kindOf(prefix)?.entity ? 'out' : 'in')

/** null: a job of neither way, such as a validation. */
export const wayOfJob = (job: string): Way | null => (outboundJobs.has(job) ? 'out' : /_in_erp$|descarta/.test(job) ? 'in' : null)

function kindsOf(lane: LaneName, counts: Awaited<ReturnType<ApiDeps['lanes']['leads']['counts']>>): Kind[] {
  const prefixes = [...new Set(counts.map(({ prefix }) => prefix))]
  return prefixes.map((prefix) => {
    const mine = counts.filter((one) => one.prefix === prefix)
    const files = (folder: string) => mine.find((one) => one.folder === folder)?.files ?? 0
    const ages = mine.flatMap(({ folder, oldest }) => (folder === 'falhas' || oldest === null ? [] : [oldest]))
    return {
      lane,
      prefix,
      way: wayOf(prefix),
      waiting: files('processar'),
      inHand: files('processando'),
      refused: files('falhas'),
      oldest: ages.length === 0 ? null : new Date(Math.min(...ages)),
    }
  })
}
