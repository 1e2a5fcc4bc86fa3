/** Requeueing as an operator does it: one letter, or all that a filter names; each is in the audit log. */
import { PonteError } from '../base/error.ts'
import type { DeadLine } from './dead-line.ts'
import { type DeadFilter, everyDead } from './find-dead.ts'
import type { OpenDead } from './open-dead.ts'
import type { Operator } from './operator.ts'
import { type Rebase, type Requeued, requeueDead } from './requeue-dead.ts'

export interface RequeueOptions {
  /** Recomputes each line from what the ERP holds now. */
  readonly rebase?: Rebase | undefined
}

/**
 * @param chosen lines of the letter; null: all of it
 * @throws what `requeueDead` throws
 */
export async function requeue(
  operator: Operator,
  dead: OpenDead,
  chosen: readonly DeadLine[] | null,
  { rebase }: RequeueOptions = {},
): Promise<Requeued> {
  const { actor, audited, log } = operator
  const records = (chosen ?? dead.lines ?? []).map(({ about, reason }) => ({ entity: about.entity, key: about.key, line: reason.line }))
  const action = { actor, action: rebase ? 'falhas.rebase' : 'falhas.requeue', target: dead.file, before: { records } }
  const { result } = await audited(action, async () => {
    const result = await requeueDead(operator, dead, chosen, rebase ? { rebase } : {})
    const { letter, again, superseded } = result
    return { result, after: { letter, again, superseded } }
  })
  log.info({ actor, lane: result.lane, again: result.again, superseded: result.superseded }, 'refused lines were requeued')
  return result
}

/** gone: somebody else dealt with the letter meanwhile. */
export type Passed = Requeued | { readonly file: string; readonly lane: string; readonly gone: true }

/** @throws what is systemic: what was requeued until then stays requeued */
export async function* requeueMatching(operator: Operator, filter: DeadFilter, options: RequeueOptions = {}): AsyncGenerator<Passed> {
  for await (const { dead, lines } of everyDead(operator.lanes, filter)) {
    const isWhole = lines === null || lines.length === dead.lines?.length
    yield await requeue(operator, dead, isWhole ? null : lines, options).catch((error: unknown): Passed => {
      if (isLost(error)) return { file: dead.file, lane: dead.lane.name, gone: true }
      throw error
    })
  }
}

/** Somebody else was faster. */
export const isLost = (error: unknown): boolean =>
  error instanceof PonteError && ['queue.no_such_letter', 'queue.letter_changed'].includes(error.code)
