/**
 * Reports that are kept for people: one JSON document per run, `<name>_<run>.json`. They hold values of records, so their files are 0640
 * and nothing of them goes to the log. A report appears whole, by rename.
 */
import { readdir } from 'node:fs/promises'
import { decodeTime } from 'ulid'
import { openDisk } from '../../base/files/atomic-file.ts'

export interface ReportFile {
  add(entry: object): Promise<void>
  /** @returns its path */
  close(summary: object): Promise<string>
}

const dayMs = 24 * 60 * 60_000
const disk = openDisk({ room: 'reports' })

/** @throws PonteError `reports.disk_*` */
export async function openReport(folder: string, name: string, run: { id: string; at: Date }): Promise<ReportFile> {
  await disk.mkdir(folder)
  const path = `${folder}/${name}_${run.id}.json`
  const part = `${folder}/.${name}_${run.id}.part`
  const file = await disk.create(part)
  const close = () => file.close().catch(() => {})
  // Whatever fails, it is closed: Node ends a process for a file handle that is only forgotten.
  const append = (text: string) =>
    file.append(text).catch(async (error) => {
      await close()
      throw error
    })
  await append(`${JSON.stringify({ run: run.id, at: run.at.toISOString() }).slice(0, -1)},\n"entries": [`)
  let separator = '\n'
  return {
    async add(entry) {
      await append(`${separator}${JSON.stringify(entry)}`)
      separator = ',\n'
    },
    async close(summary) {
      await append(`\n],\n"summary": ${JSON.stringify(summary)}}\n`)
      await file.sync().finally(close)
      await disk.rename(part, path)
      await disk.syncDirectory(folder)
      return path
    },
  }
}

/** Deletes reports of runs that began more than `days` before `now`, and what runs that died left half written. Returns how many. */
export async function purgeReports(folder: string, name: string, days: number, now: Date): Promise<number> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const pattern = new RegExp(`^(\\.?)${name}_([0-9A-HJKMNP-TV-Z]{26})\\.(?:json|part)$`)
  let deleted = 0
  for (const file of names) {
    const match = pattern.exec(file)
    if (match === null) continue
    const old = now.getTime() - decodeTime(match[2]!) > days * dayMs
    if ((old || match[1] === '.') && (await disk.unlink(`${folder}/${file}`))) deleted++
  }
  return deleted
}
