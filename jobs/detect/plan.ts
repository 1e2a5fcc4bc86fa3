/** What the next compare would queue, field by field, and what the next delivery would cost under the CRM's quota. Changes nothing. */

import type { Extract } from '../../connectors/erp/erp.ts'
import { type Decision, decide, queuedChanges } from '../../connectors/state/changes/changes.ts'
import type { Comparison, Guard, Row } from '../../engine/model.ts'
import { type Entity, entities, entityOf } from '../../records/kinds.ts'
import { type Line, readLine } from '../../records/lines.ts'
import { type Stages, stagesOf } from '../../records/stages.ts'
import type { Context } from '../context.ts'
import type { Trade } from '../deals/commerce.ts'
import { inTurn, itemsOf, stateOf } from '../deals/commerce-items.ts'
import { budgets } from '../deals/orca-leads.ts'
import { sales } from '../deals/vende-leads.ts'
import { incomplete } from '../deliver/line-checks.ts'
import { compareEntity } from './compare-entity.ts'
import { type Calls, callsOfLines, noCalls, plus } from './plan-calls.ts'

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
  /** The same values are already waiting in the queue. Budgets and sales: refused before, their next try is not due. */
  readonly suppressed: number
  readonly held: number
  readonly discarded: number
  readonly vanished: number
  /** Lines that wait in the queue, whatever this compare says; one whose record is to be sent anew gives way and does not count. */
  readonly waiting: number
  /** CRM calls of the next delivery, what waits included. */
  readonly calls: Calls
  readonly guards: readonly Guard[]
  /** The first `sample` changes. */
  readonly changes: readonly PlannedChange[]
}

const trades: readonly Trade[] = [budgets, sales]

/** In the order in which they are planned and delivered. */
export const plannedNames: readonly string[] = [...entities, ...trades.map(({ entity }) => ({ name: entity }))].map(({ name }) => name)

/**
 * @param options.only one of `plannedNames`; default all
 * @param options.sample how many changes to show in full, per entity
 */
export async function plan(context: Context, options: { only?: string; sample?: number; signal?: AbortSignal } = {}): Promise<Plan[]> {
  const { only, sample = 20, signal } = options
  const isWanted = (name: string) => only === undefined || only === name
  const plans: Plan[] = []
  const extract = await context.erp.openExtract(context.options.readers)
  try {
    for (const entity of entities) if (isWanted(entity.name)) plans.push(await planEntity(context, extract, entity, sample, signal))
  } finally {
    await extract.close()
  }
  const stages = stagesOf(await context.erp.stages())
  for (const trade of trades) if (isWanted(trade.entity)) plans.push(await planTrade(context, trade, stages, sample))
  return plans
}

/** All calls of these plans, and the list of sales reps, which lead lines ask for once. */
export function allCalls(plans: readonly Plan[]): Calls {
  const lines = plans.filter(({ entity, calls }) => entityOf(entity)?.kind === 'leads' && calls.most > 0)
  return plans.reduce((sum, { calls }) => plus(sum, calls), lines.length > 0 ? { least: 1, most: 1 } : noCalls)
}

/** How long so many calls take when never more than `limit` fall into any window. 0 = no limit. */
export function timeUnderQuota(calls: number, limit: number, windowMs: number): number {
  return limit === 0 ? 0 : Math.max(0, Math.ceil(calls / limit) - 1) * windowMs
}

async function planEntity(context: Context, extract: Extract, entity: Entity, sample: number, signal?: AbortSignal): Promise<Plan> {
  const { changedLimitPercent } = context.options
  const outcome = await compareEntity(context.engine, extract, entity, { run: 'plan', changedLimitPercent, ...(signal ? { signal } : {}) })
  const lines = await openLines(context, entity)
  // What waits is delivered all the same.
  if (outcome.kind === 'stopped') return { ...nothing, entity: entity.name, guards: outcome.guards, ...lines.close() }
  const { comparison } = outcome
  try {
    return { ...nothing, entity: entity.name, ...(await decided(context, comparison, lines, sample)), ...lines.close() }
  } finally {
    await comparison.close()
  }
}

async function decided(context: Context, comparison: Comparison, lines: Lines, sample: number): Promise<Partial<Plan>> {
  const counts: Record<Decision, number> = { send: 0, suppressed: 0, held: 0, discarded: 0 }
  const changes: PlannedChange[] = []
  for await (const batch of comparison.changes()) {
    const decisions = await decide(context.state, comparison.entity, batch)
    for (const [index, change] of batch.entries()) {
      const decision = decisions[index]!
      counts[decision]++
      if (decision === 'send' || decision === 'suppressed') lines.add(change.key, change.after, decision)
      if (changes.length < sample) changes.push({ key: change.key, decision, fields: fieldChanges(change.before, change.after) })
    }
  }
  return { changed: comparison.changed, ...counts, vanished: comparison.vanished.count, changes }
}

interface Lines {
  /** A line that will be delivered. */
  add(key: string, row: Row, decision: 'send' | 'suppressed'): void
  /** Adds what waits and was not named. */
  close(): Pick<Plan, 'waiting' | 'calls'>
}

/** The lines of the next delivery, and what they cost. */
async function openLines(context: Context, entity: Entity): Promise<Lines> {
  const queued = await queuedChanges(context.state, entity.name)
  const strays = await strayLines(context, entity, new Set([...queued.values()].map(({ letter }) => letter)))
  const contacts = entity.name === 'leads.insert' ? await context.erp.contactsOfNewLeads() : new Map<string, number>()
  const sent = new Set<string>()
  const total = { lines: 0, inDoubt: 0, contacts: 0 }
  let waiting = 0
  const count = (key: string, inDoubt: boolean) => {
    total.lines++
    total.inDoubt += inDoubt ? 1 : 0
    total.contacts += contacts.get(key) ?? 0
  }
  return {
    add(key, row, decision) {
      const inDoubt = queued.get(key)?.inDoubt ?? false
      queued.delete(key)
      if (decision === 'send') sent.add(key)
      waiting += decision === 'suppressed' ? 1 : 0
      const ids = { ID: row.ID ?? null, LEAD_ID: row.LEAD_ID ?? null, CODE: row.CODE ?? null }
      if (incomplete(entity, { ids, row }) === null) count(key, inDoubt)
    },
    close() {
      for (const [key, { inDoubt }] of queued) count(key, inDoubt)
      // A newer change of the same record takes the place of a letter that was dropped in by hand.
      const standing = strays.filter(({ change }) => !sent.has(change.key))
      for (const line of standing) if (incomplete(entity, line) === null) count(line.change.key, false)
      return { waiting: waiting + queued.size + standing.length, calls: callsOfLines(entity, total, context.options.concurrency) }
    },
  }
}

/** Lines of letters that no compare wrote. */
async function strayLines(context: Context, entity: Entity, recorded: ReadonlySet<string>): Promise<Line[]> {
  const lane = context.lanes[entity.kind]
  const names = await lane.undelivered()
  if (![...names].some((name) => name.startsWith(entity.prefix) && !recorded.has(name))) return []
  const found: Line[] = []
  await lane.editWaiting(entity.prefix, (body) => {
    found.push(...body.split('\n').flatMap((text, index) => strayLine(entity, `${index}`, text)))
    return null
  })
  return found
}

function strayLine(entity: Entity, id: string, text: string): Line[] {
  if (text.trim() === '') return []
  try {
    const line = readLine(entity, id, text)
    return line.change.stray ? [line] : []
  } catch {
    // To falhas, without a call.
    return []
  }
}

async function planTrade(context: Context, trade: Trade, stages: Stages, sample: number): Promise<Plan> {
  const { erp, state, options } = context
  const items = await itemsOf(state, trade.entity, await trade.differing(erp))
  const of = (wanted: ReturnType<typeof stateOf>) => items.filter((item) => stateOf(item) === wanted)
  const due = inTurn(of('due'))
  const changes: PlannedChange[] = []
  let calls = noCalls
  for (const { leadId, last } of due) {
    const lead = await erp.commercialLead(leadId)
    if (lead === null || lead.branches.length === 0) continue
    const { wanted, told } = trade.valuesOf(lead)
    if (changes.length < sample) changes.push({ key: leadId, decision: 'send', fields: [{ field: trade.field, from: told, to: wanted }] })
    if (lead.branches.length > 1) continue
    const most = trade.callsFor(lead, { isSold: stages.isSold(lead.stage), options })
    // A sale whose answer was lost is looked for first.
    calls = plus(calls, { least: most, most: most + (last?.status === 'queued' ? 1 : 0) })
  }
  return {
    ...nothing,
    entity: trade.entity,
    changed: items.length,
    send: due.length,
    suppressed: of('waiting').length,
    held: of('held').length,
    calls,
    changes,
  }
}

function fieldChanges(before: Row | null, after: Row): PlannedChange['fields'] {
  return Object.keys(after)
    .map((field) => ({ field, from: before?.[field] ?? null, to: after[field] ?? null }))
    .filter(({ from, to }) => from !== to)
}

const nothing = {
  changed: 0,
  send: 0,
  suppressed: 0,
  held: 0,
  discarded: 0,
  vanished: 0,
  waiting: 0,
  calls: noCalls,
  guards: [],
  changes: [],
}
