/**
 * Refused lines go round again, each on its own: what was overtaken since is put away instead of sent; with `rebase`
 * what is sent is recomputed first. Letter first, index second: after a crash in between the delivery takes a failed change as queued, and
 * a rebased line that nobody recorded as newer than the failed one.
 */

import { endRefused, recordRebased, standingOf } from '../connectors/state/changes/operator.ts'
import { requeueChanges } from '../connectors/state/changes/queueing.ts'
import type { LineFate } from '../queue-dirs/lane.types.ts'
import type { Entity } from '../records/kinds.ts'
import type { ChangeId } from '../records/lines.ts'
import type { DeadLine } from './dead-line.ts'
import type { OpenDead } from './open-dead.ts'
import type { Operator } from './operator.ts'

/** again: with this text, and as this change when its values moved · nothing: neither side lacks anything any more. */
export type Rebased =
  | { readonly kind: 'again'; readonly text: string; readonly change: (ChangeId & { readonly hash: string }) | null }
  | { readonly kind: 'nothing' }
export type Rebase = (line: DeadLine, entity: Entity) => Promise<Rebased>

export interface Requeued {
  readonly lane: string
  readonly file: string
  readonly prefix: string
  /** The letter that waits now; null: no line had to be sent. */
  readonly letter: string | null
  /** Its job; null: nobody reads such letters. */
  readonly job: string | null
  /** Lines that wait again. */
  readonly again: number
  /** Lines that were put away: a newer change of their record waits or was delivered, or nothing is left to send. */
  readonly superseded: number
  /** Lines that stay in falhas. */
  readonly left: number
}

/**
 * @param chosen lines of the letter; null: all of it, also when it cannot be read
 * @param texts instead of a line's own, by index: what an operator edited
 * @throws PonteError `queue.no_such_letter` | `queue.letter_changed`: somebody else was faster, nothing was done; `state.*`
 */
export async function requeueDead(
  operator: Operator,
  dead: OpenDead,
  chosen: readonly DeadLine[] | null,
  { rebase, texts = new Map() }: { readonly rebase?: Rebase; readonly texts?: ReadonlyMap<number, string> } = {},
): Promise<Requeued> {
  const { lane, file, lines } = dead
  const common = { lane: lane.name, file, prefix: dead.prefix, job: dead.kind?.job ?? null }
  if (lines === null) return { ...common, letter: await lane.requeue(file), again: 1, superseded: 0, left: 0 }
  const plans = await plansOf(operator, dead.kind?.entity ?? null, chosen ?? lines, rebase)
  const fates = lines.map((line): LineFate => {
    const text = texts.get(line.index)
    return withText(plans.get(line.index)?.fate ?? { kind: 'stay' }, text)
  })
  const asItIs = fates.every(({ kind, text }) => kind === 'again' && text === undefined)
  const mended = asItIs ? { again: await lane.requeue(file), left: 0 } : await lane.mendDead(file, { version: dead.version, fates })
  return { ...common, letter: mended.again, left: mended.left, ...(await record(operator, [...plans.values()], mended.again)) }
}

interface Plan {
  readonly line: DeadLine
  readonly fate: LineFate
  readonly rebased: Rebased | null
}

/** What is applied of an event is what the CRM holds: it is never stale. */
async function plansOf(
  { state }: Operator,
  entity: Entity | null,
  chosen: readonly DeadLine[],
  rebase: Rebase | undefined,
): Promise<Map<number, Plan>> {
  const changes = chosen.flatMap(({ change }) => (change === null ? [] : [change]))
  const standings = await standingOf(state, changes)
  const isOvertaken = (line: DeadLine) => line.change !== null && standings[changes.indexOf(line.change)] === 'overtaken'
  const plans = new Map<number, Plan>()
  for (const line of chosen) {
    const rebased = isOvertaken(line) || rebase === undefined || entity === null ? null : await rebase(line, entity)
    const isDone = isOvertaken(line) || rebased?.kind === 'nothing'
    const fate: LineFate = isDone ? { kind: 'superseded' } : { kind: 'again', ...(rebased?.kind === 'again' ? { text: rebased.text } : {}) }
    plans.set(line.index, { line, fate: fate.text === line.text ? { kind: fate.kind } : fate, rebased })
  }
  return plans
}

const withText = (fate: LineFate, text: string | undefined): LineFate => (text === undefined ? fate : { ...fate, text })

/** The index follows the letter. Lines that name no change (foreign letters) are judged when they are delivered. */
async function record({ state }: Operator, plans: readonly Plan[], letter: string | null): Promise<{ again: number; superseded: number }> {
  const done = plans.filter(({ fate }) => fate.kind === 'superseded')
  await endRefused(
    state,
    done.flatMap(({ line }) => (line.change === null ? [] : [line.change])),
  )
  const again = plans.filter(({ fate }) => fate.kind === 'again')
  let superseded = done.length
  const plain = again.flatMap(({ line, rebased }) =>
    line.change === null || line.change.stray || (rebased?.kind === 'again' && rebased.change) ? [] : [line.change],
  )
  if (letter !== null) superseded += (await requeueChanges(state, plain, letter)).superseded
  for (const { line, rebased } of again) {
    if (letter === null || line.change === null || rebased?.kind !== 'again' || rebased.change === null) continue
    if ((await recordRebased(state, { ...rebased.change, letter }, line.change)) === 'superseded') superseded += 1
  }
  return { again: plans.length - superseded, superseded }
}
