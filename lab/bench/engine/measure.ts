/** Costs of a step in this process: wall, CPU of all threads, and the highest resident memory seen while it ran. */
export interface Cost {
  readonly step: string
  readonly rows: number
  readonly wallMs: number
  readonly cpuMs: number
  readonly peakRssMb: number
}

interface Sample {
  readonly at: number
  readonly rss: number
}

/** Samples memory every 10 ms until `stop`. */
export function watchMemory(): { peak(from: number, to: number): number; stop(): void } {
  const samples: Sample[] = []
  const sample = () => samples.push({ at: performance.now(), rss: process.memoryUsage.rss() })
  sample()
  const timer = setInterval(sample, 10)
  return {
    peak(from, to) {
      sample()
      const within = samples.filter(({ at }) => at >= from && at <= to)
      return Math.round(Math.max(...(within.length > 0 ? within : samples.slice(-1)).map(({ rss }) => rss)) / 1e6)
    },
    stop: () => clearInterval(timer),
  }
}

export class Meter {
  readonly costs: Cost[] = []
  readonly #memory = watchMemory()

  async step<T>(step: string, rows: number, work: () => Promise<T>): Promise<T> {
    const start = performance.now()
    const cpu = process.cpuUsage()
    const result = await work()
    const { user, system } = process.cpuUsage(cpu)
    const end = performance.now()
    this.costs.push({ step, rows, wallMs: end - start, cpuMs: (user + system) / 1000, peakRssMb: this.#memory.peak(start, end) })
    return result
  }

  /** Ends the watching; the whole process' peak in MB. */
  done(): number {
    this.#memory.stop()
    return Math.round(process.resourceUsage().maxRSS / 1024)
  }
}
