/**
 * Runs a job as soon as there is something for it (issue 3: a webhook is applied within seconds; the schedule is the safety net). One run
 * of a job at a time in this process; a wake during a run means one more run after it, because the letter may have come too late for it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { jobNamed } from '../catalogue.ts'
import type { Context } from '../context.ts'
import { errorText } from './error-text.ts'
import { runJob, wasBusy } from './run-job.ts'

export interface Waker {
  /** Returns at once and never throws. @param job a name of the catalogue */
  wake(job: string): void
  /** Resolves when nothing is running or about to run. */
  idle(): Promise<void>
  /** Lets what runs come to its next line, then stops. What is left stays queued. */
  close(): Promise<void>
}

/** Another process holds the job: it may have passed our letter already, so we look again. */
const busyMs = 300
/** After a failure: up to so long. The letters wait, and so does whatever was away. */
const failurePauses = [1_000, 5_000, 15_000, 60_000]

export function createWaker(context: Context): Waker {
  const stopping = new AbortController()
  const wanted = new Set<string>()
  const running = new Map<string, Promise<void>>()

  const work = async (name: string): Promise<void> => {
    for (let failures = 0; wanted.delete(name) && !stopping.signal.aborted; ) {
      const pauseMs = await runOnce(name, failures)
      failures = pauseMs > busyMs ? failures + 1 : 0
      if (pauseMs === 0) continue
      wanted.add(name)
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }
  /** @returns how long to wait before it is tried again, milliseconds; 0: done */
  const runOnce = async (name: string, failures: number): Promise<number> => {
    try {
      const report = await runJob(context, jobNamed(name), { signal: stopping.signal, trigger: 'webhook' })
      // Its work for other jobs is no less urgent.
      for (const next of report.triggered ?? []) if (wasBusy(next) || next.status === 'failed') wake(next.job)
      if (wasBusy(report)) return busyMs
      if (report.status !== 'failed') return 0
    } catch (error) {
      context.log.error({ err: error, job: name }, `a woken job could not run: ${errorText(error)}`)
    }
    return failurePauses[Math.min(failures, failurePauses.length - 1)]!
  }
  const start = (name: string): void => {
    const task = work(name).finally(() => {
      running.delete(name)
      if (wanted.has(name) && !stopping.signal.aborted) start(name)
    })
    running.set(name, task)
  }

  const wake = (name: string): void => {
    if (stopping.signal.aborted) return
    wanted.add(name)
    if (!running.has(name)) start(name)
  }

  return {
    wake,
    async idle() {
      while (running.size > 0) await Promise.all(running.values())
    },
    async close() {
      stopping.abort()
      while (running.size > 0) await Promise.all(running.values())
    },
  }
}
