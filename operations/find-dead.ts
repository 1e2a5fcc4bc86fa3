/** The refused letters that an operator looks for, in pages. Names first; reasons of those in question; bodies only where they are shown or asked about. */

import { PonteError } from '../base/error.ts'
import type { DeadName, Lane } from '../queue-dirs/lane.types.ts'
import { type LaneName, letterKinds } from '../records/kinds.ts'
import type { DeadLine } from './dead-line.ts'
import { type Lanes, type OpenDead, openIn } from './open-dead.ts'

export interface DeadFilter {
  readonly lane?: string
  readonly prefix?: string
  /** As in `leads.insert`. */
  readonly entity?: string
  /** Either name of the job that takes the letter. */
  readonly job?: string
  /** Of the refusal, exactly. */
  readonly code?: string
  /** Part of the reason, in any case. */
  readonly text?: string
  /** In any form; compared by its 14 positions. */
  readonly taxId?: string
  readonly leadId?: string
  /** Refused longer ago than this, milliseconds. */
  readonly olderThanMs?: number
}

export interface FoundLetter {
  readonly dead: OpenDead
  /** The lines that the filter names; null: the file is no text. */
  readonly lines: readonly DeadLine[] | null
}

export interface DeadPage {
  readonly letters: readonly FoundLetter[]
  /** For `after`, to go on; null: that was all. */
  readonly next: string | null
  /** Letters in falhas that may match, as far as their names tell. */
  readonly matching: number
}

/** Names taken from the folder at once while a filter looks for matches. */
const windowSize = 10_000

/**
 * @param after `next` of the page before; letters may have come and gone since
 * @throws PonteError `falhas.bad_mark`
 */
export async function findDead(lanes: Lanes, filter: DeadFilter, page: { limit: number; after?: string | undefined }): Promise<DeadPage> {
  const isPlain = ['code', 'text', 'taxId', 'leadId', 'olderThanMs'].every((name) => filter[name as keyof DeadFilter] === undefined)
  let mark = page.after === undefined ? undefined : readMark(page.after)
  let matching: number | null = null
  const letters: FoundLetter[] = []
  for (;;) {
    const window = await namesBehind(lanes, filter, mark, isPlain ? page.limit + 1 : windowSize)
    matching ??= window.matching
    for (const name of window.names) {
      if (letters.length === page.limit) return { letters, next: printMark(mark!), matching }
      const found = await look(name.lane, name, filter)
      if (found !== null) letters.push(found)
      mark = name
    }
    if (window.complete) return { letters, next: null, matching }
  }
}

/** Every match, one after another. What is refused while this goes on is left out, or requeueing all might never end. */
export async function* everyDead(lanes: Lanes, filter: DeadFilter): AsyncGenerator<FoundLetter> {
  const start = new Date().toISOString()
  let after: string | undefined
  do {
    const page: DeadPage = await findDead(lanes, filter, { limit: 100, after })
    for (const letter of page.letters) if (letter.dead.letter.failedAt <= start) yield letter
    after = page.next ?? undefined
  } while (after !== undefined)
}

type LaneEntry = DeadName & { readonly lane: Lane<LaneName> }
type Mark = Pick<LaneEntry, 'arrivedAt' | 'file'>

async function namesBehind(
  lanes: Lanes,
  filter: DeadFilter,
  after: Mark | undefined,
  limit: number,
): Promise<{ names: LaneEntry[]; matching: number; complete: boolean }> {
  const prefixes = prefixesOf(filter)
  const { olderThanMs } = filter
  const found = await Promise.all(
    Object.values(lanes)
      .filter(({ name }) => filter.lane === undefined || filter.lane === name)
      .map(async (lane) => {
        // A letter is not refused before it arrives.
        const arrivedBefore = olderThanMs === undefined ? {} : { arrivedBefore: Date.now() - olderThanMs }
        const { names, matching } = await lane.deadNames({
          ...(prefixes === null ? {} : { prefixes }),
          ...arrivedBefore,
          ...(after === undefined ? {} : { after }),
          limit,
        })
        return { names: names.map((name) => ({ ...name, lane })), matching }
      }),
  )
  const names = found.flatMap((one) => one.names).sort(inOrder)
  return {
    names: names.slice(0, limit),
    matching: found.reduce((sum, one) => sum + one.matching, 0),
    complete: names.length <= limit && found.every((one) => one.names.length < limit),
  }
}

/** As within a lane: time of arrival, then name (which ends with what orders equal times). */
const inOrder = (a: Mark, b: Mark): number => a.arrivedAt - b.arrivedAt || (a.file < b.file ? -1 : 1)

/** null: all, also letters that no job takes. */
function prefixesOf({ prefix, entity, job }: DeadFilter): readonly string[] | null {
  if (prefix === undefined && entity === undefined && job === undefined) return null
  const kinds = letterKinds.filter(
    (kind) => (entity === undefined || kind.entity?.name === entity) && (job === undefined || kind.job === job),
  )
  if (prefix === undefined) return kinds.map((kind) => kind.prefix)
  return entity === undefined && job === undefined ? [prefix] : kinds.map((kind) => kind.prefix).filter((one) => one === prefix)
}

async function look(lane: Lane<LaneName>, { file }: DeadName, filter: DeadFilter): Promise<FoundLetter | null> {
  const { code, text, olderThanMs } = filter
  const letter = await lane.describeDead(file)
  if (letter === null) return null
  if (olderThanMs !== undefined && Date.now() - Date.parse(letter.failedAt) < olderThanMs) return null
  const byReason = (reason: { code: string; reason: string }) =>
    (code === undefined || reason.code === code) && (text === undefined || reason.reason.toLowerCase().includes(text.toLowerCase()))
  // Saves reading the body; a letter without reasons has one that says so.
  if (letter.lines.length > 0 && !letter.lines.some(byReason)) return null
  const dead = await openIn(lane, file)
  if (dead === null) return null
  const lines = dead.lines?.filter((line) => byReason(line.reason) && isAbout(line, filter)) ?? null
  if (lines === null ? filter.taxId !== undefined || filter.leadId !== undefined : lines.length === 0) return null
  return { dead, lines }
}

/** Whether the filter names this line, by whom it is about. */
function isAbout({ about }: DeadLine, { taxId, leadId }: DeadFilter): boolean {
  return (taxId === undefined || about.taxId === padTaxId(taxId)) && (leadId === undefined || about.leadId === leadId)
}

/** A tax id in any form, as lines hold it (padded to 14). */
export const padTaxId = (text: string): string =>
  text
    .toUpperCase()
    .replace(/[^\dA-Z]/g, '')
    .padStart(14, '0')

const printMark = ({ arrivedAt, file }: Mark): string => `${arrivedAt}/${file}`

function readMark(text: string): Mark {
  const [, arrivedAt, file] = /^(\d{1,15})\/([^/]+)$/.exec(text) ?? []
  if (arrivedAt !== undefined && file !== undefined) return { arrivedAt: Number(arrivedAt), file }
  throw new PonteError('falhas.bad_mark', 'this is not the end of a page of falhas', {
    hint: 'give what the page before named as next, or nothing for the first page',
    exitCode: 2,
  })
}
