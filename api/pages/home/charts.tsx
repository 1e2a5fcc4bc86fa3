/** Charts as SVG, drawn here: bars over time. Values are in titles and in a text for who cannot see them. */
import { number } from '../format.ts'

export interface Bar {
  /** What the bar stands for, whole: `27 Nov 2026, 09:00`. */
  readonly title: string
  /** Stacked from below; the first is the good part. */
  readonly parts: readonly { readonly value: number; readonly tone: 'one' | 'two' | 'bad' }[]
  readonly href?: string
}

const WIDTH = 480
const HEIGHT = 96
const FEWEST = 24

/**
 * @param label says in one sentence what the chart shows, with the figures that matter
 * @param unit of the values: `changes`
 */
export function Bars({ bars, label, unit, from, to }: { bars: readonly Bar[]; label: string; unit: string; from: string; to: string }) {
  const total = (bar: Bar) => bar.parts.reduce((sum, { value }) => sum + value, 0)
  const most = Math.max(1, ...bars.map(total))
  // A few bars stand at the right, where now is, instead of growing to walls.
  const slots = Math.max(FEWEST, bars.length)
  const step = WIDTH / slots
  const left = (slots - bars.length) * step
  const width = Math.max(1, step * 0.78)
  return (
    <figure class="chart">
      <div class="plot">
        <p class="most" aria-hidden="true">
          {number(most)}
        </p>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
          <line class="grid" x1="0" y1="0.5" x2={WIDTH} y2="0.5" />
          <line class="grid" x1="0" y1={HEIGHT / 2} x2={WIDTH} y2={HEIGHT / 2} />
          {bars.map((bar, index) => {
            let top = HEIGHT
            const column = bar.parts.map(({ value, tone }) => {
              // What is there is to be seen, however little it is beside the most.
              const height = value === 0 ? 0 : Math.max(2, (value / most) * HEIGHT)
              top -= height
              return <rect class={tone} x={left + index * step} y={top} width={width} height={height} />
            })
            const whole = (
              <g>
                <title>{`${bar.title}: ${bar.parts.map(({ value }) => number(value)).join(' + ')} ${unit}`}</title>
                <rect class="hit" x={left + index * step} y="0" width={step} height={HEIGHT} />
                {column}
              </g>
            )
            return bar.href === undefined ? whole : <a href={bar.href}>{whole}</a>
          })}
        </svg>
      </div>
      <figcaption>
        <span>{from}</span>
        <span>{to}</span>
      </figcaption>
    </figure>
  )
}

/** A part of a whole, such as the quota. */
export const Gauge = ({ value, max, label }: { value: number; max: number; label: string }) => (
  <svg class="gauge" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label={label}>
    <rect class="rest" x="0" y="0" width="100" height="4" />
    <rect class={value >= max ? 'bad' : 'one'} x="0" y="0" width={max === 0 ? 0 : Math.min(100, (value / max) * 100)} height="4" />
  </svg>
)
