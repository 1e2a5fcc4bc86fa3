/** Rows of text in PostgreSQL's binary COPY layout, as copy-decoder.ts reads it: what one thread hands to another. */

export const copyHeader = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)])
export const copyTrailer = Buffer.from([0xff, 0xff])

/** One row; null cells carry the length -1. */
export function copyTuple(cells: readonly (Buffer | null)[]): Buffer {
  let size = 2
  for (const cell of cells) size += 4 + (cell?.length ?? 0)
  const tuple = Buffer.allocUnsafe(size)
  tuple.writeInt16BE(cells.length, 0)
  let at = 2
  for (const cell of cells) {
    tuple.writeInt32BE(cell?.length ?? -1, at)
    at += 4
    if (cell !== null) at += cell.copy(tuple, at)
  }
  return tuple
}
