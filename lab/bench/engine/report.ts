/** The figures for a person. */
import type { Cost } from './measure.ts'

export interface Side {
  readonly changed: number
  readonly steps: readonly Cost[]
  readonly total: { readonly wallMs: number; readonly cpuMs: number }
  readonly peakRssMb: number
}
export interface Size {
  readonly rows: number
  readonly ratio: number
  readonly cpuRatio: number
  readonly ours: Side
  readonly floor: Side
}
export interface Pull {
  readonly ratio: number
  readonly cpuRatio: number
  readonly rows: number
  readonly ours: { readonly rowsPerSecond: number; readonly rowsPerCpuSecond: number }
  readonly bare: { readonly rowsPerSecond: number; readonly rowsPerCpuSecond: number }
  readonly twoReaders: Pick<Pull, 'ratio' | 'cpuRatio' | 'ours'>
}

export function printTable(sizes: readonly Size[], pull: Pull): void {
  for (const size of sizes) {
    console.log(
      `\ncompare, ${size.rows} rows a side, ${size.ours.changed} changed: ${size.ratio.toFixed(2)} x raw DuckDB (CPU ${size.cpuRatio.toFixed(2)} x)`,
    )
    console.table([...lines('ours', size.ours), ...lines('floor', size.floor)])
  }
  console.log(
    `\npull from PostgreSQL, ${pull.rows} rows: ${pull.ratio.toFixed(2)} x a bare cursor loop (per CPU-second ${pull.cpuRatio.toFixed(2)} x)`,
  )
  console.table({ 'one reader': pull.ours, 'two readers': pull.twoReaders.ours, 'bare cursor': pull.bare })
}

function lines(side: string, { steps, total, peakRssMb }: Side): object[] {
  const line = (step: string, wallMs: number, cpuMs: number, peak: number) => ({
    side,
    step,
    'wall ms': Math.round(wallMs),
    'cpu ms': Math.round(cpuMs),
    'peak MB': peak,
  })
  return [
    ...steps.map((cost) => line(cost.step, cost.wallMs, cost.cpuMs, cost.peakRssMb)),
    line('total, no pull', total.wallMs, total.cpuMs, peakRssMb),
  ]
}
