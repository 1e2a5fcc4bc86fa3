import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { PonteError } from '../../base/error.ts'
import { diskError } from '../../base/files/disk-error.ts'
import { printSidecar } from '../dead/dead-letters.ts'
import type { House } from '../house.ts'
import type { Claim, Finished, LetterName, LineOutcome } from '../lane.types.ts'
import { exists } from '../layout.ts'
import { type LetterLine, readLines } from '../letter/letter-lines.ts'
import { labelOf, type ParsedName } from '../letter/name.ts'
import { archive, closeRejected, closeWithFailures, isClosed } from './closing.ts'
import { dropProgress, openProgress } from './progress.ts'
import type { Seat } from './seat.ts'

export interface OwnedClaim extends Claim {
  /** True after finish, reject or giveBack. */
  ended(): boolean
  /** True when finish or giveBack put it back into processar: do not take it again at once. */
  returned(): boolean
  /** Ends it without a look at its lines. */
  giveBack(): Promise<void>
}

/** A letter that already lies in `seat` under `name.file`. */
export async function openClaim(house: House, seat: Seat, parsed: ParsedName, name: LetterName): Promise<OwnedClaim> {
  const { disk, layout } = house
  const path = `${seat.folder}/${name.file}`
  const label = labelOf({ ...parsed, arrivedAt: name.arrivedAt })
  const progress = await openProgress(layout.progress, name.file, disk)
  let read: Promise<LetterLine[]> | null = null
  /** Looked at before it was read: what is written meanwhile makes the next look differ. */
  let seen: Stats | null = null
  let state: 'open' | 'ended' | 'returned' = 'open'
  let indexes: ReadonlySet<number> | null = null
  const recording = new Set<number>()

  const readNow = async () => {
    seen = await stat(path)
    return readLines(path, label)
  }
  const linesOf = () => {
    read ??= readNow().catch((error) => {
      if (error instanceof PonteError) throw error
      throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? lost() : diskError('queue', 'read', path, error)
    })
    return read
  }
  const held = async () => state === 'open' && seat.fresh() && (await exists(path))
  const lost = () =>
    new PonteError('queue.claim_lost', `the claim on ${label} passed to another worker`, {
      hint: 'nothing to do: the other worker goes on',
    })
  const mustBeOpen = () => {
    if (state === 'open') return
    throw new PonteError('queue.claim_ended', `the claim on ${label} has ended`, {
      hint: 'a defect: a claim is used after finish or reject',
    })
  }
  /** Somebody still writes to it: a copy that was slow, or stood still, when the letter was claimed. */
  const hasChanged = async () => {
    const now = await stat(path).catch(() => null)
    return seen !== null && now !== null && (now.size !== seen.size || now.mtimeMs !== seen.mtimeMs)
  }
  /** Lines that were added have no outcome yet; one whose text is another now, because it was half written, has none any more. */
  const readAgain = async (before: readonly LetterLine[]): Promise<readonly LetterLine[]> => {
    read = null
    const lines = await linesOf()
    const texts = new Map(lines.map(({ index, text }) => [index, text]))
    const changed = before.filter(({ index, text }) => progress.outcomes.has(index) && texts.get(index) !== text)
    await progress.reopen(changed.map(({ index }) => index))
    return lines
  }
  const putBack = async (): Promise<boolean> => {
    await progress.close()
    state = 'returned'
    return disk.rename(path, `${layout.processar}/${name.file}`)
  }
  /** Runs the end of a claim. What fails because the letter was taken away meanwhile is no failure. */
  const end = async <T>(act: () => Promise<T>): Promise<T | 'lost'> => {
    mustBeOpen()
    try {
      if (await held()) {
        await progress.close()
        return await act()
      }
    } catch (error) {
      if ((await exists(path)) || (await isClosed(path))) throw error
    }
    state = 'ended'
    await progress.close()
    return 'lost'
  }

  return {
    name,
    worker: seat.worker,
    held,
    ended: () => state !== 'open',
    returned: () => state === 'returned',

    async *lines() {
      mustBeOpen()
      for (const line of await linesOf()) if (!progress.outcomes.has(line.index)) yield line
    },

    async record(index, outcome) {
      mustBeOpen()
      indexes ??= new Set((await linesOf()).map((line) => line.index))
      const known = indexes.has(index)
      if (!known || progress.outcomes.has(index) || recording.has(index)) {
        throw new PonteError('queue.bad_record', `line ${index + 1} of ${label} ${known ? 'has its outcome already' : 'does not exist'}`, {
          hint: 'a defect: each line that lines() gave is recorded once',
        })
      }
      recording.add(index)
      try {
        if (!(await held())) throw lost()
        await progress.append(index, outcome)
      } finally {
        recording.delete(index)
      }
    },

    async finish() {
      mustBeOpen()
      const lines = await linesOf().catch(async (error) => {
        if (await held()) throw error
        return []
      })
      const finished = await end(async () => settle((await hasChanged()) ? await readAgain(lines) : lines))
      return finished === 'lost' ? { ...count(lines, progress.outcomes), to: 'lost' } : finished
    },

    async reject(code, reason) {
      const whole = await end(async () => {
        if (await hasChanged()) return putBack()
        const sidecar = printSidecar(name.file, house.clock.wall(), [{ line: 0, code, reason, attempts: 1 }])
        const closed = await closeRejected(house, seat.folder, name.file, sidecar)
        state = 'ended'
        return closed
      })
      if (whole !== true) throw lost()
    },

    async giveBack() {
      if (state === 'open') await putBack()
    },
  }

  async function settle(lines: readonly LetterLine[]): Promise<Finished> {
    const counts = count(lines, progress.outcomes)
    const outcome = (line: LetterLine) => progress.outcomes.get(line.index) as LineOutcome
    let moved: boolean
    let to: Finished['to']
    if (counts.open > 0) {
      moved = await putBack()
      to = 'processar'
    } else if (counts.dead > 0) {
      const dead = lines.filter((line) => outcome(line).kind === 'dead')
      const good = lines.filter((line) => outcome(line).kind === 'done')
      moved = await closeWithFailures(house, seat.folder, name.file, {
        ...(good.length > 0 ? { good: print(good) } : {}),
        dead: print(dead),
        sidecar: printSidecar(
          name.file,
          house.clock.wall(),
          dead.map((line) => reasonOf(line, outcome(line))),
        ),
      })
      to = 'falhas'
    } else {
      moved = await archive(house, path, name.file)
      if (moved) await dropProgress(layout.progress, name.file, disk)
      to = 'processados'
    }
    if (to !== 'processar') state = 'ended'
    return { ...counts, to: moved ? to : 'lost' }
  }
}

const print = (lines: readonly LetterLine[]) => lines.map((line) => `${line.text}\n`).join('')

function count(lines: readonly LetterLine[], outcomes: ReadonlyMap<number, LineOutcome>): Omit<Finished, 'to'> {
  const kinds = lines.map((line) => outcomes.get(line.index)?.kind)
  const of = (kind: string | undefined) => kinds.filter((each) => each === kind).length
  return { done: of('done'), dead: of('dead'), open: of(undefined) }
}

function reasonOf(line: LetterLine, outcome: LineOutcome) {
  if (outcome.kind !== 'dead') throw new TypeError('only dead lines have a reason')
  const { code, reason, attempts, httpStatus } = outcome
  return { line: line.index + 1, code, reason, attempts, ...(httpStatus === undefined ? {} : { httpStatus }) }
}
