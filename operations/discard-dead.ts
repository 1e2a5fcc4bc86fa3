/** An operator decides that refused lines are not to be sent: they are kept in processados, the reason in the audit log. */
import { PonteError } from '../base/error.ts'
import { setAside } from '../connectors/state/changes/operator.ts'
import type { LineFate } from '../queue-dirs/lane.types.ts'
import type { DeadLine } from './dead-line.ts'
import type { OpenDead } from './open-dead.ts'
import type { Operator } from './operator.ts'

export interface Discarded {
  readonly lane: string
  readonly file: string
  readonly lines: number
  /** Its name in processados, where it stays as long as delivered letters do. */
  readonly archived: string
  readonly left: number
}

/**
 * Index first, letter second: killed in between, the letter is still there to be discarded again. The compare does not send the same
 * values again (`held`) until the data changes or somebody releases the key.
 * @param chosen lines of the letter; null: all of it, also when it cannot be read
 * @param reason why; kept for good
 * @throws PonteError `falhas.no_reason`, exit code 2; `queue.no_such_letter` | `queue.letter_changed`; `state.*`
 */
export async function discardDead(
  operator: Operator,
  dead: OpenDead,
  chosen: readonly DeadLine[] | null,
  reason: string,
): Promise<Discarded> {
  const why = reason.trim()
  if (why.length < 3)
    throw new PonteError('falhas.no_reason', 'a letter is discarded with a reason', {
      hint: 'say why, for whoever asks later: --reason "the branch was closed"',
      exitCode: 2,
    })
  const { lane, file, lines, version } = dead
  const picked = chosen ?? lines ?? []
  const records = picked.map(({ about, reason }) => ({ entity: about.entity, key: about.key, line: reason.line, code: reason.code }))
  const { actor, state, audited, log } = operator
  const { result } = await audited(
    { actor, action: 'falhas.discard', target: file, before: { records }, reason: why.slice(0, 1_000) },
    async () => {
      await setAside(
        state,
        picked.flatMap(({ change }) => (change === null ? [] : [change])),
      )
      const indexes = new Set(picked.map(({ index }) => index))
      const fates = lines?.map(({ index }): LineFate => ({ kind: indexes.has(index) ? 'discarded' : 'stay' })) ?? 'discarded'
      const { archived, left } = await lane.mendDead(file, { version, fates })
      const result: Discarded = { lane: lane.name, file, lines: lines === null ? 1 : picked.length, archived: archived[0]!, left }
      return { result, after: { archived: result.archived } }
    },
  )
  log.info({ actor, lane: lane.name, lines: result.lines }, 'refused lines were discarded')
  return result
}
