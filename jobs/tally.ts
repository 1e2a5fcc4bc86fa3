/** The books of a delivery run: every line that it took ends in exactly one column, and the columns must add up. */

/** superseded, already: ended without a call, because a newer change replaced the line or an earlier run had delivered it. open: left in the queue. */
export type LineEnd = 'delivered' | 'dead' | 'superseded' | 'already' | 'open'

export interface TallyCounts extends Readonly<Record<LineEnd, number>> {
  /** Lines taken, each counted once however often it was tried. Counted where they are read, not where they end. */
  readonly lines: number
  readonly letters: number
  /** Letters that could not be read at all: to falhas whole. */
  readonly rejected: number
}

export interface Tally {
  letter(file: string): void
  /** It lies in processados or falhas now, and is not met again. */
  letterEnded(file: string): void
  rejected(): void
  /** A line was read. `id` is its letter and index. */
  took(id: string): void
  ended(id: string, end: LineEnd): void
  readonly counts: TallyCounts
  /** Ended for good. */
  readonly settled: number
  balanced(): boolean
}

export function newTally(): Tally {
  const ended: Record<Exclude<LineEnd, 'open'>, number> = { delivered: 0, dead: 0, superseded: 0, already: 0 }
  const open = new Set<string>()
  const waiting = new Set<string>()
  /** Only those that may be met again: a run may take a hundred thousand. */
  const letters = new Set<string>()
  let endedLetters = 0
  let lines = 0
  let rejected = 0
  const settled = () => ended.delivered + ended.dead + ended.superseded + ended.already
  return {
    letter: (file) => void letters.add(file),
    letterEnded(file) {
      if (letters.delete(file)) endedLetters++
    },
    rejected: () => void rejected++,
    took(id) {
      if (!waiting.has(id)) lines++
      waiting.add(id)
    },
    ended(id, end) {
      if (end === 'open') open.add(id)
      else {
        ended[end]++
        open.delete(id)
        waiting.delete(id)
      }
    },
    get counts() {
      return { lines, ...ended, open: open.size, letters: endedLetters + letters.size, rejected }
    },
    get settled() {
      return settled()
    },
    balanced: () => lines === settled() + open.size,
  }
}
