/** What this process alone knows: its requests, its calls of the CRM, its runs, its memory. Sums over processes are for whoever collects. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, type OpenMetricsContentType, type Registry } from 'prom-client'
import { signals } from '../../base/signals.ts'

export interface ProcessInfo {
  readonly version: string
  /** api, worker, up. */
  readonly process: string
}

const seconds = [0.005, 0.02, 0.1, 0.5, 2, 10, 30]
const runSeconds = [0.1, 0.5, 2, 10, 60, 300, 1_800]

/** @returns what ends the listening */
export function processMetrics(registry: Registry<OpenMetricsContentType>, { version, process }: ProcessInfo): () => void {
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  new Gauge({ name: 'ponte_build', help: 'always 1', labelNames: ['version', 'process'], registers }).set({ version, process }, 1)
  const requests = new Counter({
    name: 'ponte_http_requests_total',
    help: 'requests that were answered, by method, pattern of the route, and status',
    labelNames: ['method', 'route', 'status'],
    registers,
  })
  const requestSeconds = new Histogram({
    name: 'ponte_http_request_seconds',
    help: 'time until the answer, by pattern of the route',
    labelNames: ['route'],
    buckets: seconds,
    registers,
  })
  const crmRequests = new Counter({
    name: 'ponte_crm_requests_total',
    help: 'requests to the CRM, repeats included; too_many: it said 429',
    labelNames: ['call', 'outcome'],
    registers,
  })
  const crmSeconds = new Histogram({
    name: 'ponte_crm_request_seconds',
    help: 'time of a request to the CRM, the wait for the quota included',
    labelNames: ['call'],
    buckets: seconds,
    registers,
  })
  const runs = new Histogram({
    name: 'ponte_run_seconds',
    help: 'time that runs took in this process',
    labelNames: ['job_name'],
    buckets: runSeconds,
    registers,
  })
  const dropped = new Counter({ name: 'ponte_log_lines_dropped_total', help: 'lines of the log that the disk did not take', registers })

  const endings = [
    signals.httpRequest.listen(({ method, route, status, ms }) => {
      requests.inc({ method, route: route ?? 'none', status: String(status) })
      requestSeconds.observe({ route: route ?? 'none' }, ms / 1_000)
    }),
    signals.crmRequest.listen(({ call, outcome, ms }) => {
      crmRequests.inc({ call, outcome })
      crmSeconds.observe({ call }, ms / 1_000)
    }),
    signals.runEnded.listen(({ job, ms }) => runs.observe({ job_name: job }, ms / 1_000)),
    signals.logLineDropped.listen(() => dropped.inc()),
  ]
  return () => {
    for (const end of endings) end()
  }
}
