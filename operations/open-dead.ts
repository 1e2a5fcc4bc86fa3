/** One refused letter, by its name or a part of it. */

import { PonteError } from '../base/error.ts'
import type { Lane } from '../queue-dirs/lane.types.ts'
import type { LaneName } from '../records/kinds.ts'
import { type DeadLine, type DeadView, viewOf } from './dead-line.ts'

export type Lanes = Readonly<Record<LaneName, Lane<LaneName>>>

export interface OpenDead extends DeadView {
  readonly lane: Lane<LaneName>
  readonly file: string
}

/** Names told when a part of a name is not enough. */
const mostNamed = 5

/**
 * @param named a file name, or a part that only one has
 * @throws PonteError `falhas.not_found` | `falhas.ambiguous`, exit code 2
 */
export async function openDead(lanes: Lanes, named: string): Promise<OpenDead> {
  for (const lane of Object.values(lanes)) {
    const exact = await openIn(lane, named)
    if (exact !== null) return exact
  }
  const found: { lane: Lane<LaneName>; file: string }[] = []
  for (const lane of Object.values(lanes)) {
    const { names } = await lane.deadNames({ limit: Number.MAX_SAFE_INTEGER })
    for (const { file } of names) if (named.length > 3 && file.includes(named)) found.push({ lane, file })
  }
  const [first, second] = found
  if (first === undefined) throw notFound(named)
  if (second !== undefined) throw ambiguous(named, found)
  const opened = await openIn(first.lane, first.file)
  if (opened === null) throw notFound(named)
  return opened
}

/** null: it is gone. @param file an exact name */
export async function openIn(lane: Lane<LaneName>, file: string): Promise<OpenDead | null> {
  try {
    return { lane, file, ...viewOf(await lane.showDead(file)) }
  } catch (error) {
    if (error instanceof PonteError && error.code === 'queue.no_such_letter') return null
    throw error
  }
}

/** Lines by their numbers as `ls` and `show` print them. @throws PonteError `falhas.no_such_line`, exit code 2 */
export function linesNumbered(lines: readonly DeadLine[], numbers: readonly number[]): DeadLine[] {
  return numbers.map((number) => {
    const found = lines.find(({ reason }) => reason.line === number)
    if (found) return found
    throw new PonteError('falhas.no_such_line', `line ${number} of this letter is not among the refused ones`, {
      hint: `refused lines: ${lines.map(({ reason }) => reason.line).join(', ')}`,
      exitCode: 2,
    })
  })
}

const notFound = (named: string) =>
  new PonteError('falhas.not_found', `there is no letter called "${named}" in falhas`, {
    hint: 'see what is there: ponte falhas ls',
    exitCode: 2,
  })

const ambiguous = (named: string, found: readonly { file: string }[]) =>
  new PonteError('falhas.ambiguous', `"${named}" is part of ${found.length} names in falhas`, {
    hint: `give more of the name:\n${found
      .slice(0, mostNamed)
      .map(({ file }) => `  ${file}`)
      .join('\n')}${found.length > mostNamed ? '\n  …' : ''}`,
    exitCode: 2,
  })
