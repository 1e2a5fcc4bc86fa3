/** The text of /metrics (OpenMetrics): what this process knows, and what all of them share. */
import { Counter, Gauge, type OpenMetricsContentType, Registry } from 'prom-client'
import { type FigureSources, type Figures, figureNames } from './figures.ts'
import { jobMetrics } from './job-metrics.ts'
import type { Metric } from './metric.ts'
import { placeMetrics } from './place-metrics.ts'
import { type ProcessInfo, processMetrics } from './process-metrics.ts'

export interface Metrics {
  readonly contentType: string
  /** Comes within a second or so, whatever is slow or away. Those who ask at the same time share one look. Never throws. */
  text(): Promise<string>
  close(): void
}

export const globalMetrics: readonly Metric[] = [...placeMetrics, ...jobMetrics]

/** A scrape waits for no source longer than this. Prometheus gives up after 10 s. */
const PATIENCE_MS = 1_000

export function createMetrics(sources: FigureSources, info: ProcessInfo): Metrics {
  const registry = new Registry<OpenMetricsContentType>()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  const end = processMetrics(registry, info)
  const registers = [registry]
  const shared = globalMetrics.map((metric) => {
    const options = { name: metric.name, help: metric.help, labelNames: metric.labels, registers }
    return { metric, series: metric.type === 'counter' ? new Counter(options) : new Gauge(options) }
  })
  const stale = new Gauge({
    name: 'ponte_source_stale',
    help: '1: the last look at this source failed or has not ended',
    labelNames: ['source'],
    registers,
  })
  const age = new Gauge({ name: 'ponte_source_age_seconds', help: 'age of what is told of this source', labelNames: ['source'], registers })

  const look = async (): Promise<string> => {
    const looked = await sources.look(PATIENCE_MS)
    const figures: Partial<Figures> = {}
    for (const source of figureNames) {
      const { value, ageSeconds, stale: isStale } = looked[source]
      if (value !== null) Object.assign(figures, { [source]: value })
      stale.set({ source }, isStale ? 1 : 0)
      if (ageSeconds !== null) age.set({ source }, ageSeconds)
    }
    for (const { metric, series } of shared) {
      series.reset()
      // prom-client gives a metric without labels the value 0: nobody knows is not 0.
      if (metric.labels.length === 0) series.remove()
      for (const [values, value] of metric.samples(figures)) series.inc(labelled(metric, values), value)
    }
    return registry.metrics()
  }
  let looking: Promise<string> | null = null
  return {
    contentType: Registry.OPENMETRICS_CONTENT_TYPE,
    text() {
      looking ??= look().finally(() => {
        looking = null
      })
      return looking
    },
    close: end,
  }
}

const labelled = ({ labels }: Metric, values: readonly string[]): Record<string, string> =>
  Object.fromEntries(labels.map((label, place) => [label, values[place]!]))
