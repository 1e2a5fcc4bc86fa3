/**
 * Budgets and sales, lead by lead: what a view of the ERP names is told to the CRM, once. No letter is written: the
 * view says what remains, the index of changes says what was tried. A lead that the CRM refuses is left alone for a while, longer each
 * time, and never holds up the others.
 */
import pLimit from 'p-limit'
import { CrmUnavailable } from '../../connectors/crm/errors.ts'
import type { CommercialLead, Erp } from '../../connectors/erp/erp.ts'
import { forgetSends, sentAgain } from '../../connectors/state/changes/changes.ts'
import { settleFailed } from '../../connectors/state/changes/delivery.ts'
import { recordQueued } from '../../connectors/state/changes/queueing.ts'
import type { Row } from '../../engine/model.ts'
import { systemicLimit } from '../consume.ts'
import type { Context, JobOutcome, JobRun } from '../context.ts'
import type { Attempt } from '../deliver/attempt.ts'
import { type CarriedOut, carryOut, type Dead, type Delivered, type Withdrawn } from '../deliver/carry-out.ts'
import { dead } from '../deliver/refused.ts'
import { isFinal, isSystemic } from '../faults.ts'
import { type LeadEnd, openBooks } from './commerce-books.ts'
import { type Item, inTurn, itemsOf, stateOf } from './commerce-items.ts'

export type Told = (Delivered & { readonly alreadySold: boolean }) | Dead | Withdrawn

/** The CRM holds these values, or will not hear of them because the lead is sold: LEADS has them from now on, LOG_EXECUTION_CRM says so. */
export type Keep = (values: Row, how?: { readonly alreadySold: boolean }) => Promise<Told>

export interface Trade {
  /** Names the changes in the index. */
  readonly entity: 'leads.budget' | 'leads.sale'
  /** Column of LEADS that keeps what the CRM was told. */
  readonly field: 'BUDGET_VALUE' | 'ORDER_VALUE'
  /** Leads that differ; `value`: what would be sent. */
  differing(erp: Erp): Promise<{ leadId: string; value: string }[]>
  /** The value of the ERP that this is about, and the one that the CRM was told. */
  valuesOf(lead: CommercialLead): { readonly wanted: string | null; readonly told: string | null }
  /** How many calls telling of this lead takes when the CRM agrees with the mirror; 0: it is refused or left alone without one. */
  callsFor(lead: CommercialLead, how: { readonly isSold: boolean; readonly options: Context['options'] }): number
  /** Tells the CRM of one lead, then the mirror by `keep`. Throws only what is systemic. */
  tell(context: Context, lead: CommercialLead & { readonly id: number }, attempt: Attempt, keep: Keep): Promise<Told>
}

export async function runCommerce(context: Context, run: JobRun, trade: Trade): Promise<JobOutcome> {
  const { entity } = trade
  const differing = await trade.differing(context.erp)
  const converged = await sentAgain(context.state, entity)
  for (const { leadId } of differing) converged.delete(leadId)
  if (converged.size > 0) await forgetSends(context.state, entity, [...converged])
  const items = await itemsOf(context.state, entity, differing)
  const books = openBooks(items.length)
  for (const item of items) {
    const before = stateOf(item)
    books.ended(item.leadId, before === 'due' ? 'open' : before)
  }
  const held = items.filter((item) => stateOf(item) === 'held').map(({ leadId }) => leadId)
  if (held.length > 0) context.log.error({ entity, keys: held.slice(0, 20) }, 'told three times without converging: held until they change')

  const due = inTurn(items.filter((item) => stateOf(item) === 'due'))
  const left: { item: Item; error: unknown }[] = []
  let failuresInARow = 0
  let stoppedBy: unknown = null
  const refuse = ({ leadId }: Item, code: string) => {
    books.refused(leadId, code)
    context.log.warn({ entity, key: leadId, code }, 'lead refused: tried again later')
  }
  const handle = async (item: Item, index: number): Promise<void> => {
    if (stoppedBy !== null || run.signal.aborted) return
    try {
      const told = await tellOne(context, run, trade, item)
      if (told.kind === 'dead') refuse(item, told.code)
      else books.ended(item.leadId, endOf(told))
      failuresInARow = 0
    } catch (error) {
      left.push({ item, error })
      if (isFinal(error) || !isSystemic(error) || ++failuresInARow >= systemicLimit) stoppedBy ??= error
      context.log.warn({ entity, key: item.leadId, code: codeOf(error) }, 'lead left for the next run')
    }
    run.progress({ kind: 'deliver', done: index + 1, total: due.length })
  }
  const atOnce = pLimit(context.options.concurrency)
  await Promise.all(due.map((item, index) => atOnce(() => handle(item, index))))

  // A CRM that works for other leads is not away: these wait like refused ones, and stay in doubt.
  const theirs = books.told > 0 && !isFinal(stoppedBy) ? left.filter(({ error }) => !concernsAll(error)) : []
  for (const { item, error } of theirs)
    if (await settleFailed(context.state, changeOf(run, entity, item), codeOf(error), true, run.lease)) refuse(item, codeOf(error))
  const open = left.find((one) => !theirs.includes(one))
  return books.outcome(due.length, stoppedBy ?? open?.error ?? null, run.signal.aborted)
}

/** Recorded one by one, just before: an outage leaves a few changes behind and not the whole list. The doubt of an earlier one passes on. */
async function tellOne(context: Context, run: JobRun, trade: Trade, item: Item): Promise<CarriedOut<Told>> {
  const { leadId } = item
  const change = changeOf(run, trade.entity, item)
  await recordQueued(context.state, run.id, trade.entity, [change], { fence: run.lease })
  return carryOut<Told>(context, run, change, async (attempt) => {
    const lead = await context.erp.commercialLead(leadId)
    if (lead === null || lead.branches.length === 0) return { kind: 'withdrawn' }
    // Each would be told in turn, for ever.
    if (lead.branches.length > 1)
      return dead('AMBIGUOUS_LEAD', `The branches ${lead.branches.join(', ')} are linked to this lead; it must be one.`)
    const keep: Keep = async (values, { alreadySold } = { alreadySold: false }) => {
      await attempt.store(() => keepInErp(context.erp, run.job, { leadId, name: lead.name, values, alreadySold }))
      return { kind: 'delivered', ledger: { entity: trade.entity, key: leadId }, crmId: leadId, fields: values, alreadySold }
    }
    return trade.tell(context, { ...lead, id: Number(leadId) }, attempt, keep)
  })
}

async function keepInErp(
  erp: Erp,
  job: string,
  { leadId, name, values, alreadySold }: { leadId: string; name: string | null; values: Row; alreadySold: boolean },
): Promise<void> {
  const [field, value] = Object.entries(values)[0]!
  const entry = { job, leadId, leadName: name ?? '', field, value: alreadySold ? `${value} (the lead is sold)` : `${value}` }
  // Nothing changed: an earlier try came as far as this, and said so.
  await erp.writeMirror('leads', { ID: leadId, ...values }, entry)
}

const changeOf = (run: JobRun, entity: Trade['entity'], { leadId, hash }: Item) => ({
  ...{ run: run.id, entity, key: leadId, hash },
  letter: '',
  stray: false,
})

/** The CRM, or the breaker in front of it, asks everybody to wait. */
const concernsAll = (error: unknown): boolean => error instanceof CrmUnavailable && error.retryAfterMs !== undefined

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? 'UNEXPECTED_ERROR'

function endOf(told: Exclude<CarriedOut<Told>, Dead>): Exclude<LeadEnd, 'refused'> {
  if (told.kind === 'delivered') return told.alreadySold ? 'alreadySold' : 'delivered'
  if (told.kind === 'open') return 'open'
  return told.kind === 'already' && told.status === 'delivered' ? 'delivered' : 'withdrawn'
}
