/** A source for tests and benches, read by real reader threads: rows given one by one, or made from a formula. */
import { setTimeout as sleep } from 'node:timers/promises'
import { PonteError } from '../../../base/error.ts'
import { type Frame, FrameBuilder, type ReadRange } from '../../frame.ts'
import type { Cell, SourceRef } from '../../model.ts'

export interface Formula {
  readonly columns: number
  /** Every n-th row differs from what the formula gives otherwise; 0: none. */
  readonly changeEvery: number
  /** Waits before each frame. */
  readonly delayMs?: number
  /** Throws when it comes to this row. */
  readonly failAt?: number
}

type Settings = { readonly rows: readonly (readonly Cell[])[]; readonly rowsPerFrame?: number } | { readonly formula: Formula }

/** A source of exactly these rows, cut into `ranges` parts. */
export function givenRows(rows: readonly (readonly Cell[])[], ranges = 2, rowsPerFrame?: number): SourceRef {
  return { module: import.meta.url, settings: { rows, ...(rowsPerFrame && { rowsPerFrame }) }, ranges: cut(rows.length, ranges) }
}

/** A source of `count` made-up rows: the key first, then names, streets, numbers and nulls. */
export function formulaRows(count: number, formula: Formula, ranges = 2): SourceRef {
  return { module: import.meta.url, settings: { formula }, ranges: cut(count, ranges) }
}

export const read: ReadRange = async function* (task, signal): AsyncGenerator<Frame> {
  const settings = task.settings as Settings
  const { from, to } = task.range as { from: number; to: number }
  if ('rows' in settings) yield* framesOf(settings.rows.slice(from, to), settings.rowsPerFrame)
  else yield* framesOfFormula(settings.formula, from, to, signal)
}

function* framesOf(rows: readonly (readonly Cell[])[], rowsPerFrame?: number): Generator<Frame> {
  if (rows.length === 0) return
  const builder = new FrameBuilder(rows[0]!.length, rowsPerFrame)
  for (const row of rows) {
    for (const cell of row) builder.text(cell)
    const frame = builder.endRow()
    if (frame) yield frame
  }
  const rest = builder.flush()
  if (rest) yield rest
}

async function* framesOfFormula(formula: Formula, from: number, to: number, signal: AbortSignal): AsyncGenerator<Frame> {
  const builder = new FrameBuilder(formula.columns)
  for (let row = from; row < to; row += 1) {
    if (row === formula.failAt) throw new PonteError('erp.gone', 'the made-up source failed', { hint: 'none' })
    for (let column = 0; column < formula.columns; column += 1) builder.text(cellOf(row, column, formula.changeEvery))
    const frame = builder.endRow() ?? (row === to - 1 ? builder.flush() : undefined)
    if (frame === undefined) continue
    if (formula.delayMs) await sleep(formula.delayMs, undefined, { signal })
    yield frame
  }
}

/** Looks like a lead: key, tax id, name, street, complement (mostly null), city... */
export function cellOf(row: number, column: number, changeEvery: number): Cell {
  const changed = changeEvery > 0 && row % changeEvery === 0
  switch (column % 6) {
    case 0:
      return column === 0 ? String(row + 1) : String((row * 7919 + column) % 100_000)
    case 1:
      return String(row * 131 + column).padStart(14, '0')
    case 2:
      return `Comércio de Peças ${row % 5000} Ltda${changed && column === 2 ? ' ME' : ''}`
    case 3:
      return `RUA DAS LARANJEIRAS ${row % 9973}`
    case 4:
      return row % 3 === 0 ? null : `SALA ${row % 40}`
    default:
      return row % 2 === 0 ? 'SAO PAULO' : 'BELO HORIZONTE'
  }
}

function cut(count: number, ranges: number): { from: number; to: number }[] {
  return Array.from({ length: ranges }, (_, i) => ({ from: Math.floor((count * i) / ranges), to: Math.floor((count * (i + 1)) / ranges) }))
}
