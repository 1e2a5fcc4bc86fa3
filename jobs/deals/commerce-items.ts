/** Which leads a run of budgets or sales takes up: what the view names, what became of the last try, and how long a refused one waits. */
import { createHash } from 'node:crypto'
import { maxSends } from '../../connectors/state/changes/changes.ts'
import { type Standing, standings } from '../../connectors/state/changes/standing.ts'
import type { Context } from '../context.ts'

export interface Item {
  readonly leadId: string
  /** Of what would be sent: other data is another try. */
  readonly hash: string
  readonly last: Standing | undefined
}

/** One item per lead: those that the view names, and those that an earlier run left in the middle. */
export async function itemsOf(
  state: Context['state'],
  entity: string,
  differing: readonly { leadId: string; value: string }[],
): Promise<Item[]> {
  const hashes = new Map<string, string>()
  for (const { leadId, value } of differing) hashes.set(leadId, md5(`${hashes.get(leadId) ?? ''}${value}`))
  const last = await standings(state, entity, [...hashes.keys()])
  const leftInTheMiddle = [...last].filter(([leadId]) => !hashes.has(leadId))
  return [
    ...[...hashes].map(([leadId, hash]) => ({ leadId, hash, last: last.get(leadId) })),
    ...leftInTheMiddle.map(([leadId, standing]) => ({ leadId, hash: standing.hash, last: standing })),
  ]
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

/** due: to be told now. waiting: refused before, its next try is not due. held: told three times without converging. */
export function stateOf({ hash, last }: Item): 'due' | 'waiting' | 'held' {
  if (last?.hash !== hash) return 'due'
  if (last.status === 'failed') return last.ageMs < pauseMs(last.sends) ? 'waiting' : 'due'
  return last.status === 'delivered' && last.sends >= maxSends ? 'held' : 'due'
}

/** Refused once: a minute; then four times as long each time, up to six hours. */
const pauseMs = (sends: number): number => Math.min(60_000 * 4 ** (sends - 1), 6 * 3_600_000)

/** What failed before comes last, so that leads for which the CRM always fails starve nobody. */
export function inTurn(items: readonly Item[]): Item[] {
  const hasFailed = ({ last }: Item) => last?.status === 'queued' || last?.status === 'failed'
  return [...items.filter((item) => !hasFailed(item)), ...items.filter(hasFailed)]
}
