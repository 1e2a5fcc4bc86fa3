/**
 * The one loop that delivers (architecture 6): letters in order of arrival, keys in parallel, each line ending exactly
 * once. The order of writes around an effect is what makes every crash harmless:
 *
 *   intent (state) → effect (CRM) → ERP → settled (state) → progress (disk)
 *
 * Killed after any arrow, the line is taken again: before `settled` it is in doubt and its sink looks before it acts,
 * after it `begin` answers "already delivered" and only the progress is written.
 */
import pLimit from 'p-limit'
import { PonteError } from '../base/error.ts'
import { begin, clearIntent, settleDelivered, settleFailed } from '../connectors/state/changes.ts'
import type { Claim, Lane } from '../queue-dirs/lane.types.ts'
import { type Attempt, newAttempt } from './attempt.ts'
import type { Context, JobRun } from './context.ts'
import type { Entity } from './entities.ts'
import { type Line, readLine } from './lines.ts'

export type Delivery =
  /** Both sides agree: `erp` as the ERP spells it, `crm` as it was sent. `ledger` names the record on the agreed ledger. */
  | {
      readonly kind: 'delivered'
      readonly ledger: { entity: 'leads' | 'contacts'; key: string }
      readonly crmId: string
      readonly erp: object
      readonly crm: object
    }
  /** The line's own fault: to falhas. */
  | { readonly kind: 'dead'; readonly code: string; readonly reason: string; readonly httpStatus?: number }

/**
 * Applies one line; every write goes through `attempt.write`.
 * Throws only when the other system is away (systemic): the line stays queued and no attempt is spent.
 */
export type Sink = (line: Line, attempt: Attempt) => Promise<Delivery>

export interface Tally {
  delivered: number
  dead: number
  /** Ended without a call: a newer change replaced the line, or an earlier run had delivered it. */
  superseded: number
  already: number
  /** Left in the queue by this run. */
  open: number
  letters: number
}

/** After this many systemic failures in a row the other system is considered away and the run ends. */
const systemicLimit = 5

export async function deliver(
  context: Context,
  run: JobRun,
  entity: Entity,
  lane: Lane,
  sink: Sink,
  limits: { lines?: number } = {},
): Promise<Tally & { stoppedBy: unknown; lastFailure: unknown }> {
  const tally: Tally = { delivered: 0, dead: 0, superseded: 0, already: 0, open: 0, letters: 0 }
  const total = await pendingChanges(context, entity)
  const budget = limits.lines || Number.POSITIVE_INFINITY
  let taken = 0
  let failuresInARow = 0
  let stoppedBy: unknown = null
  let lastFailure: unknown = null
  const stopped = () => stoppedBy !== null || run.signal.aborted

  const handle = async (claim: Claim, index: number, text: string): Promise<void> => {
    if (stopped() || taken >= budget) return void tally.open++
    taken++
    const line = await parse(entity, claim, index, text, tally)
    if (!line) return
    if (!(await claim.held())) return void lose(claim)
    const beginning = await begin(context.state, { ...line.change, letter: claim.name.file }, run.lease)
    if (beginning.kind === 'fenced') return void lose(claim)
    if (beginning.kind === 'already') {
      await claim.record(index, { kind: 'done' })
      tally[beginning.status === 'delivered' ? 'already' : 'superseded']++
      return
    }
    const attempt = newAttempt(beginning.inDoubtSince)
    let delivery: Delivery
    try {
      delivery = await sink(line, attempt)
      failuresInARow = 0
    } catch (error) {
      if (!isSystemic(error)) delivery = unexpected(context, line, error)
      else {
        if (!attempt.mayHaveActed && !attempt.inDoubtSince) await clearIntent(context.state, line.change)
        tally.open++
        lastFailure = error
        if (++failuresInARow >= systemicLimit || isFinal(error)) stoppedBy ??= error
        context.log.warn({ entity: entity.name, key: line.change.key, code: (error as { code?: string }).code }, 'line left in the queue')
        return
      }
    }
    if (delivery.kind === 'delivered') {
      const { ledger, crmId, erp, crm } = delivery
      await settleDelivered(context.state, line.change, { ...ledger, crmId, erp, crm })
      await claim.record(index, { kind: 'done' })
      tally.delivered++
    } else {
      const { code, reason, httpStatus } = delivery
      await settleFailed(context.state, line.change, code)
      await claim.record(index, { kind: 'dead', code, reason, attempts: 1, ...(httpStatus === undefined ? {} : { httpStatus }) })
      tally.dead++
      context.log.warn({ entity: entity.name, key: line.change.key, code }, 'line refused: see falhas')
    }
    run.progress({ kind: 'deliver', done: tally.delivered + tally.dead + tally.superseded + tally.already, total })
  }

  const lose = (claim: Claim) => {
    tally.open++
    stoppedBy ??= new PonteError('lease.lost', `The claim on ${claim.name.file} passed to another worker.`, {
      hint: 'Nothing to do: the other worker goes on.',
    })
  }

  for await (const claim of lane.claims({
    prefixes: [entity.prefix],
    worker: `${run.job}-${process.pid}-${run.lease.epoch}`,
    signal: run.signal,
  })) {
    tally.letters++
    const limit = pLimit(context.options.concurrency)
    /** Order within a key: each line waits for the one before it. */
    const chains = new Map<string, Promise<void>>()
    const running: Promise<void>[] = []
    for await (const { index, text } of claim.lines()) {
      const chain = orderKey(entity, text)
      const task = (chains.get(chain) ?? Promise.resolve()).then(() => limit(() => handle(claim, index, text)))
      chains.set(chain, task)
      running.push(task)
    }
    const results = await Promise.allSettled(running)
    const failed = results.find((result) => result.status === 'rejected')
    // finish() also when something failed: what was recorded is kept, the rest goes back to processar.
    await claim.finish()
    if (failed) throw failed.reason
    if (stopped() || taken >= budget) break
  }
  return { ...tally, stoppedBy, lastFailure }
}

async function parse(entity: Entity, claim: Claim, index: number, text: string, tally: Tally): Promise<Line | null> {
  try {
    return readLine(entity, claim.name.file, text)
  } catch (error) {
    if (!(error instanceof PonteError)) throw error
    await claim.record(index, { kind: 'dead', code: error.code, reason: `${error.message} ${error.hint}`, attempts: 1 })
    tally.dead++
    return null
  }
}

/** Lines of one record must not overtake each other; contacts of one lead share its `Persons` list, so they queue up behind it. */
function orderKey(entity: Entity, text: string): string {
  const match = /"(?:LEAD_ID|leadId)":"?(\d+)/.exec(text) ?? /"_KEY":"([^"]*)"/.exec(text)
  return match ? `${entity.name}:${match[1]}` : text
}

/** The ERP refuses this line's values, or the line drives a connector into a corner: its own fault. */
const lineFaults = new Set(['erp.write_refused', 'erp.value_refused', 'erp.unknown_column', 'erp.no_id', 'crm.bad_argument'])

/** The other system (or our own disk or database) is away: not this line's fault. */
function isSystemic(error: unknown): boolean {
  if (error instanceof PonteError) return !lineFaults.has(error.code)
  // Database and socket errors carry a code; a plain TypeError or the like is a defect that this line triggers.
  return typeof (error as { code?: unknown })?.code === 'string' || (error as Error)?.name === 'AbortError'
}

/** No use in trying further lines: the person on call must act first. */
const isFinal = (error: unknown): boolean => error instanceof PonteError && error.exitCode === 2

function unexpected(context: Context, line: Line, error: unknown): Delivery {
  context.log.error({ err: error, entity: line.change.entity, key: line.change.key }, 'unexpected error')
  const message = error instanceof PonteError ? error.message : 'An unexpected error; the log has its stack.'
  return { kind: 'dead', code: error instanceof PonteError ? error.code : 'UNEXPECTED_ERROR', reason: message }
}

async function pendingChanges(context: Context, entity: Entity): Promise<number> {
  const { rows } = await context.state.query<{ n: string }>(`select count(*) as n from changes where entity = $1 and status = 'queued'`, [
    entity.name,
  ])
  return Number(rows[0]!.n)
}
