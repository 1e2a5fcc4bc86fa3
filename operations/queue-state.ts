/** The queue at a glance: letters by folder, changes that have not ended, what is held. */

import type pg from 'pg'
import { countOpen, listHeld } from '../connectors/state/changes/operator.ts'
import { kindNames, kindOf, type LaneName } from '../records/kinds.ts'
import type { Lanes } from './open-dead.ts'

export interface LetterCount {
  readonly lane: LaneName
  readonly folder: 'processar' | 'processando' | 'falhas'
  readonly prefix: string
  /** null: no job takes them. */
  readonly job: string | null
  readonly files: number
  /** By arrival. */
  readonly oldestSeconds: number | null
}

export interface OpenChanges {
  readonly entity: string
  readonly status: 'queued' | 'failed'
  readonly changes: number
  readonly inDoubt: number
  readonly oldestSeconds: number
}

export interface QueueState {
  readonly letters: readonly LetterCount[]
  /** Records on their way to the CRM. */
  readonly changes: readonly OpenChanges[]
  readonly held: number
}

export async function letterCounts(lanes: Lanes): Promise<LetterCount[]> {
  const now = Date.now()
  const counts = await Promise.all(
    kindNames.map(async (name) =>
      (await lanes[name].counts()).map(({ oldest, folder, prefix, files }) => ({
        lane: name,
        ...{ folder, prefix, files, job: kindOf(prefix)?.job ?? null },
        oldestSeconds: oldest === null ? null : age(now, oldest),
      })),
    ),
  )
  return counts.flat()
}

export async function queueState(lanes: Lanes, state: pg.Pool): Promise<QueueState> {
  const [letters, open, held] = await Promise.all([letterCounts(lanes), countOpen(state), listHeld(state)])
  const now = Date.now()
  const changes = open.map(({ oldest, ...rest }) => ({ ...rest, oldestSeconds: age(now, oldest.getTime()) }))
  return { letters, changes, held: held.length }
}

const age = (now: number, at: number): number => Math.max(0, Math.round((now - at) / 1_000))
