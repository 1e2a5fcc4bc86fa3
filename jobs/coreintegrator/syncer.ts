/** Cron and people ask at the same time: one sync runs, the others join it. */
import type { Counts } from './sync.ts'

export interface Syncer {
  /**
   * Starts a sync, or joins the running one. Who joins may have inserted a row that the running one has passed already, so it is answered
   * when the look after that one has ended too; what failed a moment ago is not tried again in that look.
   */
  sync(): Promise<Counts>
  /** Resolves when nothing runs. */
  idle(): Promise<void>
}

/** @param run one sync; `tried` carries what failed from a sync to the look after it */
export function createSyncer(run: (tried: Set<string>) => Promise<Counts>): Syncer {
  let current: { readonly ended: Promise<Counts>; readonly tried: Set<string> } | null = null
  let next: Promise<Counts> | null = null

  const start = (tried: Set<string>): Promise<Counts> => {
    const ended = run(tried).finally(() => {
      current = null
    })
    current = { ended, tried }
    return ended
  }
  const lookAfter = async (running: { ended: Promise<Counts>; tried: Set<string> }): Promise<Counts> => {
    const first = await running.ended.catch(() => none)
    next = null
    const second = await start(running.tried)
    return { total: first.total + second.total, success: first.success + second.success, failed: first.failed + second.failed }
  }
  return {
    sync() {
      if (next !== null) return next
      if (current === null) return start(new Set())
      next = lookAfter(current)
      return next
    },
    async idle() {
      while (next !== null || current !== null) await (next ?? current?.ended)?.catch(() => {})
    },
  }
}

const none: Counts = { total: 0, success: 0, failed: 0 }
