/** What becomes of rotated log files: their names, and how long they stay. */
import { readdirSync, statSync, unlinkSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'

let sequence = 0

/** `ponte.log` becomes `ponte-20251127T093000123Z-<pid>-<n>.log`: in order of time, and never used twice. */
export function rotatedName(path: string, at: number): string {
  const extension = extname(path)
  const stem = basename(path, extension)
  sequence += 1
  return join(
    dirname(path),
    `${stem}-${new Date(at).toISOString().replace(/[-:.]/g, '')}-${process.pid}-${String(sequence).padStart(6, '0')}${extension}`,
  )
}

/** Deletes what is older than `keepDays` or beyond the newest `keepFiles`. What another process deletes meanwhile is no matter. */
export function removeOldLogs(path: string, limits: { readonly keepDays: number; readonly keepFiles: number }, now: number): void {
  const oldest = now - limits.keepDays * 86_400_000
  const rotated = rotatedLogs(path).reverse()
  rotated.forEach((file, place) => {
    try {
      if (place >= limits.keepFiles || statSync(file).mtimeMs < oldest) unlinkSync(file)
    } catch {
      // Gone already, or not ours to delete: the next rotation looks again.
    }
  })
}

/** @returns paths, oldest first */
export function rotatedLogs(path: string): string[] {
  const extension = extname(path)
  const stem = `${basename(path, extension)}-`
  const isRotated = (name: string) =>
    name.startsWith(stem) &&
    name.endsWith(extension) &&
    /^\d{8}T\d{9}Z-\d+-\d+$/.test(name.slice(stem.length, name.length - extension.length))
  return readdirSync(dirname(path))
    .filter(isRotated)
    .sort()
    .map((name) => join(dirname(path), name))
}
