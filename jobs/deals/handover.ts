/**
 * The baton hand-over: a lead leaves pre-sales when its qualification questions are answered, one call each, with a
 * pause after each but the last. As a durable task it takes the pauses out of the request and outlives the process.
 *
 * What a crash leaves behind: a task that is open and that nobody holds the lease for. `resume` takes it up after the last step that
 * is certain. A step that was begun and has no verdict is sent again: answering the same question with the same answer says the same
 * once more, and a stage only rises by it. One thing could go wrong, a lead that moved on meanwhile being qualified anew; so before it
 * is sent again the lead's stage is looked at, and a lead that has left pre-sales needs no further answers.
 */
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import { ulid } from 'ulid'
import { PonteError } from '../../base/error.ts'
import { CrmUnavailable } from '../../connectors/crm/errors.ts'
import type { Spotter } from '../../connectors/crm/spotter/types.ts'
import type { Erp } from '../../connectors/erp/erp.ts'
import { acquireLease, type Lease } from '../../connectors/state/runs/leases.ts'
import {
  beginStep,
  failTask,
  findTask,
  finishSteps,
  forgetLease,
  forgetStep,
  hasEnded,
  openTask,
  openTaskIds,
  type Task,
} from '../../connectors/state/runs/tasks.ts'
import { whatHappened } from '../run/error-text.ts'

export const handoverKind = 'passagemdebastao'
const handedOver = 'Passagem de bastão'

export interface Answer {
  readonly questionId: number
  readonly answerId: number
}

export interface HandoverOptions {
  readonly crm: Spotter
  readonly erp: Pick<Erp, 'stages'>
  readonly state: pg.Pool
  readonly log: Logger
  readonly answers: readonly Answer[]
  /** Between two answers, and before a failed one is sent again, milliseconds. */
  readonly pauseMs: number
  /** How long a task stays with a process that was killed, milliseconds. Default 10,000. */
  readonly leaseMs?: number
  /** How often the state database is looked into for tasks that nobody works on, milliseconds. Default 30,000. */
  readonly sweepMs?: number
  readonly stopping?: AbortSignal | undefined
}

export interface Handovers {
  /** Starts the hand-over of a lead, or joins the one under way. Durable when it resolves. */
  start(leadId: number): Promise<Task<Answer>>
  /** Takes up whatever is open and nobody works on. Never throws. */
  resume(): Promise<void>
}

/** Tries of one answer in one process, each of them repeated by the client already where that is harmless. */
const tries = 3

export function openHandovers(options: HandoverOptions): Handovers {
  const { state, log, answers, leaseMs = 10_000, sweepMs = 30_000, stopping = new AbortController().signal } = options
  const here = new Set<string>()

  const work = async (id: string): Promise<void> => {
    if (here.has(id) || stopping.aborted) return
    here.add(id)
    try {
      await workOn(options, id, leaseMs, stopping)
    } catch (error) {
      // The task stays open: the next sweep, of this process or another, goes on with it.
      if (!stopping.aborted) log.warn({ err: error, task: id }, 'a hand-over stays open')
    } finally {
      here.delete(id)
    }
  }
  const resume = async (): Promise<void> => {
    try {
      for (const id of await openTaskIds(state, handoverKind)) void work(id)
    } catch (error) {
      if (!stopping.aborted) log.warn({ err: error }, 'open hand-overs cannot be looked up')
    }
  }
  const timer = setInterval(resume, sweepMs)
  timer.unref()
  stopping.addEventListener('abort', () => clearInterval(timer), { once: true })

  return {
    async start(leadId) {
      const task = await openTask(state, { id: ulid(), kind: handoverKind, leadId, steps: answers })
      void work(task.id)
      return task
    },
    resume,
  }
}

async function workOn(options: HandoverOptions, id: string, leaseMs: number, stopping: AbortSignal): Promise<void> {
  const { state } = options
  const lease = await acquireLease(state, `${handoverKind}.${id}`, `${hostname()}:${process.pid}`, leaseMs)
  if (lease === null) return
  try {
    const signal = AbortSignal.any([stopping, lease.signal])
    for (let failures = 0; ; ) {
      const task = await findTask<Answer>(state, id)
      if (task === null || hasEnded(task)) return await forgetLease(state, lease)
      if (signal.aborted) return
      if (task.done > 0 || task.begun || failures > 0) await sleep(options.pauseMs, undefined, { signal })
      failures = await takeStep(options, task, lease, failures, signal)
    }
  } finally {
    await lease.release()
  }
}

/** @returns how often this step has failed in a row. @throws what the state database throws */
async function takeStep(
  options: HandoverOptions,
  task: Task<Answer>,
  lease: Lease,
  failures: number,
  signal: AbortSignal,
): Promise<number> {
  const { crm, state, log } = options
  const step = task.steps[task.done]
  try {
    const rest = task.steps.length - task.done
    if (step === undefined || (task.begun && (await hasLeft(options, task.leadId)))) {
      await finishSteps(state, task.id, rest, lease)
      return 0
    }
    if (!(await beginStep(state, task.id, lease))) return 0
    const { questionId, answerId } = step
    const answer = { questionId, questionType: '2', answersIds: [answerId] }
    const result = await crm.qualify(task.leadId, [answer], { mayStart: lease.held })
    if (result.ok) await finishSteps(state, task.id, 1, lease)
    else await failTask(state, task.id, result.refusal, result.message, lease)
    return 0
  } catch (error) {
    if (!(error instanceof PonteError) || !error.code.startsWith('crm.')) throw error
    if (signal.aborted) return failures
    log.warn({ task: task.id, step: task.done + 1, code: error.code }, 'an answer of a hand-over did not go through')
    const away = error instanceof CrmUnavailable
    if (away && !error.inDoubt) await forgetStep(state, task.id, lease)
    if (!away || failures + 1 >= tries) {
      await failTask(state, task.id, 'unavailable', whatHappened(error), lease)
      return 0
    }
    if (error.retryAfterMs !== undefined) await sleep(error.retryAfterMs, undefined, { signal })
    return failures + 1
  }
}

async function hasLeft({ crm, erp }: HandoverOptions, leadId: number): Promise<boolean> {
  const [lead, stages] = await Promise.all([crm.leadById(leadId), erp.stages()])
  const position = (name: string | undefined) => stages.find(({ alias }) => alias === name)?.position
  return (position(lead?.stage) ?? -1) >= (position(handedOver) ?? Number.POSITIVE_INFINITY)
}
