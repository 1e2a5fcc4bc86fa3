/** What each step cost. CPU is that of the whole process: DuckDB's threads and the readers are counted, and so is whatever runs beside. */
import type { StepTiming } from '../model.ts'

export class Stopwatch {
  readonly steps: StepTiming[] = []

  /** Runs `work` and notes it. `rows`: how many it handled, known afterwards. */
  async time<T>(step: StepTiming['step'], work: () => Promise<T>, rows: (result: T) => number): Promise<T> {
    const start = performance.now()
    const cpu = process.cpuUsage()
    const result = await work()
    const used = process.cpuUsage(cpu)
    this.steps.push({ step, wallMs: performance.now() - start, cpuMs: (used.user + used.system) / 1000, rows: rows(result) })
    return result
  }
}
