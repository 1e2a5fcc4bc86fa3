/** A figure that all processes share, as a metric. */
import type { FigureName, Figures } from './figures.ts'

/** Values of the labels, in their order, and the number. */
export type Sample = readonly [labels: readonly string[], value: number]

export interface Metric {
  /** A counter's ends in _total. */
  readonly name: string
  readonly help: string
  /** A counter only grows, over restarts of processes too. */
  readonly type: 'gauge' | 'counter'
  readonly labels: readonly string[]
  readonly figure: FigureName
  samples(figures: Partial<Figures>): readonly Sample[]
}

type Samples<N extends FigureName> = (figure: NonNullable<Figures[N]>) => readonly Sample[]

const metricOf =
  (type: Metric['type']) =>
  <N extends FigureName>(figure: N, name: string, labels: readonly string[], help: string, samples: Samples<N>): Metric => ({
    name,
    help,
    type,
    labels,
    figure,
    samples(figures) {
      const value = figures[figure]
      return value === undefined || value === null ? [] : samples(value as NonNullable<Figures[N]>)
    },
  })

export const gauge = metricOf('gauge')
export const counter = metricOf('counter')
