/** One line of a letter: carried out, then its progress on disk. Killed in between, `begin` answers "already delivered" to the next. */
import { leaseLost } from '../../connectors/state/runs/leases.ts'
import type { Claim } from '../../queue-dirs/lane.types.ts'
import type { Line } from '../../records/lines.ts'
import type { Context, JobRun } from '../context.ts'
import type { LineEnd } from '../tally.ts'
import type { Attempt } from './attempt.ts'
import { carryOut, type Dead, type Delivered } from './carry-out.ts'

/** dead: the line's own fault, to falhas. */
export type Delivery = Delivered | Dead

/**
 * Applies one line; every write of the CRM goes through `attempt.write`, every write of the ERP through `attempt.store`.
 * Throws only when the other system is away (systemic): the line stays queued and no attempt is spent.
 */
export type Sink = (line: Line, attempt: Attempt) => Promise<Delivery>

/**
 * @returns how the line ended: its outcome is on disk then, except for `open`, which comes only with an aborted run
 * @throws what is systemic; the line stays in the queue
 */
export async function deliverLine(context: Context, run: JobRun, sink: Sink, claim: Claim, index: number, line: Line): Promise<LineEnd> {
  const { change } = line
  if (!(await claim.held())) throw leaseLost(run.job)
  const end = await carryOut(context, run, { ...change, letter: claim.name.file }, (attempt) => sink(line, attempt))
  switch (end.kind) {
    case 'open':
      return 'open'
    case 'already':
      await claim.record(index, { kind: 'done' })
      return end.status === 'delivered' ? 'already' : 'superseded'
    case 'delivered':
      await claim.record(index, { kind: 'done' })
      return 'delivered'
    case 'dead': {
      const { code, reason, httpStatus } = end
      await claim.record(index, { kind: 'dead', code, reason, attempts: 1, ...(httpStatus === undefined ? {} : { httpStatus }) })
      context.log.warn({ entity: change.entity, key: change.key, code }, 'line refused: see falhas')
      return 'dead'
    }
  }
}
