/**
 * Looks at the figures, keeps the book of alerts, tells whoever is to be told. Every process runs one; the one that holds the lease looks, the
 * others wait for it to die. Without the state database there is no book: see state-away.ts.
 */
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import { PonteError } from '../../base/error.ts'
import { acquireLease, type Lease } from '../../connectors/state/runs/leases.ts'
import { type AlertRow, dueAlerts, markTold, markUntold, noteConditions, watchLease } from '../../connectors/state/watch/alerts.ts'
import type { AlertSettings } from '../../deploy/env/watch.ts'
import { alerts } from './alert-catalogue.ts'
import { alertMessage } from './alert-message.ts'
import type { FigureSources, Looked } from './figures.ts'
import { judge } from './judge.ts'
import { sendAlert } from './outgoing.ts'
import type { StateAway } from './state-away.ts'

export interface AlerterDeps {
  readonly state: pg.Pool
  readonly sources: FigureSources
  readonly settings: AlertSettings
  readonly stateAway: StateAway
  readonly log: Logger
  /** The leader has looked: for the heartbeat. */
  readonly onLook?: (looked: Looked) => Promise<void>
  readonly everyMs?: number
}

export interface Alerter {
  /** Lets the look that is under way end; another process goes on at once. */
  close(): Promise<void>
}

const LEASE_MS = 20_000
const EVERY_MS = 15_000
/** The leader waits for a slow source, but not so long that the others would take over. */
const PATIENCE_MS = 6_000
/** A receiver that hangs costs one look so much; the rest is told at the next. */
const TELLING_MS = 20_000

export function startAlerter(deps: AlerterDeps): Alerter {
  const stopping = new AbortController()
  let lease: Lease | null = null

  const look = async () => {
    const known = lease
    if (known !== null && !known.held()) lease = null
    lease ??= await acquireLease(deps.state, watchLease, `${hostname()}:${process.pid}`, LEASE_MS)
    if (lease !== null) await lead(deps, lease, stopping.signal)
    // Who does not lead notes what only this machine can see: its disks, and whether the ERP answers it.
    else await deps.sources.look(PATIENCE_MS)
    await deps.stateAway.there()
  }
  const run = async () => {
    while (!stopping.signal.aborted) {
      try {
        await look()
      } catch (err) {
        deps.log.warn({ err }, 'the alerts could not be looked at; tried again')
        if (err instanceof PonteError && err.code === 'state.unreachable') await deps.stateAway.away()
      }
      await sleep(deps.everyMs ?? EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {})
    }
    await lease?.release()
  }
  const running = run()
  return {
    async close() {
      stopping.abort()
      await running
    },
  }
}

async function lead(deps: AlerterDeps, lease: Lease, stopping: AbortSignal): Promise<void> {
  const { state, settings } = deps
  const looked = await deps.sources.look(PATIENCE_MS)
  const { found, unjudged } = judge(looked, settings.limits)
  await noteConditions(state, found, unjudged, lease)
  const until = performance.now() + TELLING_MS
  for (const row of await dueAlerts(state, settings.repeatMinutes * 60)) {
    if (performance.now() > until || stopping.aborted) break
    // Noted by another version of Ponte, which will tell it.
    if (!(row.code in alerts)) continue
    // The last question before the effect: a leader that slept past its lease tells nobody.
    if (!lease.held()) return
    await tell(deps, row, lease)
  }
  await deps.onLook?.(looked)
}

async function tell({ state, settings, log }: AlerterDeps, row: AlertRow, lease: Lease): Promise<void> {
  const message = alertMessage(row, settings)
  try {
    if (settings.url !== null) await sendAlert(settings.url, settings.secret, message)
    const isNoted = await markTold(state, row, lease)
    if (isNoted)
      log[row.status === 'resolved' ? 'info' : 'error']({ alert: row.code, subject: row.subject, type: message.type }, message.text)
  } catch (err) {
    if (!(err instanceof PonteError) || err.code !== 'watch.not_told') throw err
    log.warn({ err, alert: row.code, attempts: row.attempts + 1 }, 'an alert was not told; tried again')
    await markUntold(state, row, lease)
  }
}
