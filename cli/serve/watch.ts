/** What a process that stays does for those who watch it: figures, alerts, the heartbeat. */
import { mkdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { createWatchPool } from '../../connectors/state/watch/watch-pool.ts'
import type { Settings } from '../../deploy/env.ts'
import type { Context } from '../../jobs/context.ts'
import { startAlerter } from '../../jobs/watch/alerter.ts'
import { figureSources } from '../../jobs/watch/figures.ts'
import { createHeartbeat } from '../../jobs/watch/heartbeat.ts'
import { createMetrics, type Metrics } from '../../jobs/watch/metrics.ts'
import { stateAway, stateAwayFile } from '../../jobs/watch/state-away.ts'
import type { Closer } from '../closer.ts'
import { version } from '../version.ts'

export interface Watching {
  readonly figures: Metrics
  readonly addresses: readonly string[]
  /** Alerts and the heartbeat, once the process is up: one that cannot start must not be taken for one that lives. */
  begin(): void
}

/** @param kind what the process is, for whoever tells several apart: api, worker, up */
export function openWatching(
  settings: Settings,
  parts: Pick<Context, 'erp' | 'lanes' | 'log'> & { readonly stateUrl: string },
  kind: string,
  closer: Closer,
): Watching {
  const { erp, lanes, log } = parts
  const { alerts, heartbeatUrl, metricsAddresses } = settings.watch
  const machine = hostname()
  const state = createWatchPool(parts.stateUrl)
  closer.add(() => state.end())
  mkdirSync(settings.stateDir, { recursive: true, mode: 0o750 })
  const places = { queue: settings.queueRoot, state: settings.stateDir }
  const sources = figureSources({ state, erp, lanes, log, machine, places })
  const figures = createMetrics(sources, { version, process: kind })
  closer.add(async () => figures.close())
  const begin = () => {
    const alerter = startAlerter({
      state,
      sources,
      settings: alerts,
      log,
      stateAway: stateAway({ file: stateAwayFile(settings.stateDir), machine, settings: alerts, log }),
      ...(heartbeatUrl === null ? {} : { onLook: createHeartbeat(heartbeatUrl, log) }),
    })
    closer.add(() => alerter.close())
  }
  return { figures, addresses: metricsAddresses, begin }
}
