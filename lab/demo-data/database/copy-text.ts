import type { Cell } from '../../../engine/model.ts'

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** One row in the text form of PostgreSQL's COPY, newline included; null is \N. */
export function copyLine(cells: readonly Cell[]): string {
  let line = ''
  for (let place = 0; place < cells.length; place++) {
    const cell = cells[place]!
    if (place > 0) line += '\t'
    line += cell === null ? '\\N' : /[\\\t\n\r]/.test(cell) ? cell.replace(/[\\\t\n\r]/g, (char) => escapes[char]!) : cell
  }
  return `${line}\n`
}
