/** What a compare would queue, field by field, and what it would cost under the CRM's quota. Changes nothing. */
import { type Decision, decide } from '../connectors/state/changes.ts'
import type { Guard, Row } from '../engine/model.ts'
import { compareEntity } from './compare-entity.ts'
import type { Context } from './context.ts'
import { type Entity, entities } from './entities.ts'

export interface PlannedChange {
  readonly key: string
  readonly decision: Decision
  /** `from` null everywhere: a creation. */
  readonly fields: readonly { readonly field: string; readonly from: string | null; readonly to: string | null }[]
}
export interface Plan {
  readonly entity: string
  readonly changed: number
  readonly send: number
  readonly suppressed: number
  readonly held: number
  readonly discarded: number
  readonly vanished: number
  readonly calls: number
  readonly guards: readonly Guard[]
  /** The first `sample` changes. */
  readonly changes: readonly PlannedChange[]
}

/** CRM calls per line: a contact is looked for in its lead's list before it is created (mission C.6). */
const callsPerLine: Record<Entity['name'], number> = { 'leads.update': 1, 'leads.insert': 1, 'contacts.update': 1, 'contacts.insert': 2 }

/** @param sample how many changes to show in full, per entity */
export async function plan(context: Context, wanted: readonly Entity[] = entities, sample = 20, signal?: AbortSignal): Promise<Plan[]> {
  const extract = await context.erp.openExtract(context.options.readers)
  const plans: Plan[] = []
  try {
    for (const entity of wanted) {
      const outcome = await compareEntity(context.engine, extract, entity, {
        run: 'plan',
        changedLimitPercent: context.options.changedLimitPercent,
        ...(signal ? { signal } : {}),
      })
      plans.push(
        outcome.kind === 'stopped' ? stoppedPlan(entity, outcome.guards) : await planOf(context, entity, outcome.comparison, sample),
      )
    }
  } finally {
    await extract.close()
  }
  return plans
}

/** How long so many calls take when never more than `limit` fall into any window. 0 = no limit. */
export function timeUnderQuota(calls: number, limit: number, windowMs: number): number {
  return limit === 0 ? 0 : Math.max(0, Math.ceil(calls / limit) - 1) * windowMs
}

async function planOf(
  context: Context,
  entity: Entity,
  comparison: Extract<Awaited<ReturnType<Context['engine']['compare']>>, { kind: 'compared' }>['comparison'],
  sample: number,
): Promise<Plan> {
  const counts: Record<Decision, number> = { send: 0, suppressed: 0, held: 0, discarded: 0 }
  const shown: PlannedChange[] = []
  try {
    for await (const changes of comparison.changes()) {
      const decisions = await decide(context.state, entity.name, changes)
      for (const [index, change] of changes.entries()) {
        const decision = decisions[index]!
        counts[decision]++
        if (shown.length < sample) shown.push({ key: change.key, decision, fields: fieldChanges(change.before, change.after) })
      }
    }
    return {
      entity: entity.name,
      changed: comparison.changed,
      ...counts,
      vanished: comparison.vanished.count,
      calls: counts.send * callsPerLine[entity.name],
      guards: [],
      changes: shown,
    }
  } finally {
    await comparison.close()
  }
}

function fieldChanges(before: Row | null, after: Row): PlannedChange['fields'] {
  return Object.keys(after)
    .map((field) => ({ field, from: before?.[field] ?? null, to: after[field] ?? null }))
    .filter(({ from, to }) => from !== to)
}

const stoppedPlan = (entity: Entity, guards: readonly Guard[]): Plan => ({
  entity: entity.name,
  changed: 0,
  send: 0,
  suppressed: 0,
  held: 0,
  discarded: 0,
  vanished: 0,
  calls: 0,
  guards,
  changes: [],
})
