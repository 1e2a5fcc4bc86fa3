/**
 * backup_postgresql: state database, queue and snapshots in one encrypted file, while everybody goes on working.
 *
 * State first, files after it. No moment is the same for all three, and none needs to be: what a restored state believes is older than its
 * letters, so a letter is met again rather than missed, and what was sent since is looked for before it is sent (README of this room,
 * "After a restore").
 */
import { readdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type Archive, createArchive, removeArchive, sweepParts } from '../../base/files/archive.ts'
import { openDisk } from '../../base/files/atomic-file.ts'
import { withExport } from '../../connectors/state/backup/export.ts'
import { leaseLost } from '../../connectors/state/runs/leases.ts'
import { copySnapshots } from '../../engine/snapshot-copies.ts'
import type { Context, Job, JobRun } from '../context.ts'
import { recoverLanes } from '../recover.ts'

export const format = 1
/** First entry: what is needed to know whether the rest can be used. */
export const HEAD = 'ponte-backup.json'
/** Last entry: what must have come before it. */
export const TAIL = 'totals.json'

export interface BackupHead {
  readonly format: number
  /** Version of Ponte. */
  readonly version: string
  readonly host: string
  /** The moment that the state shows. */
  readonly at: string
  readonly schema: readonly string[]
  readonly tables: readonly { readonly name: string; readonly columns: readonly string[] }[]
}

export interface BackupTotals {
  readonly entries: number
  readonly letters: number
  readonly snapshotFiles: number
}

export const backupPostgresql: Job = {
  name: 'backup_postgresql',
  aliases: [],
  summary: 'state database, queue and snapshots into one encrypted file',
  async run(context, run) {
    const { dir, recipients, keep } = context.options.backup
    if (recipients.length === 0)
      return { status: 'skipped', counts: {}, message: 'no backup is made: BACKUP_RECIPIENTS is not set (ponte backup key makes a pair)' }
    await openDisk({ room: 'backup' }).mkdir(dir)
    await sweepParts(dir)
    // What a crash left half done is brought to its place first: a backup has only places.
    await recoverLanes(context)
    const file = join(dir, `ponte-${context.options.version}-${stamp(run.at)}.tar.gz.age`)
    const counts = await write(context, run, file)
    return { status: 'success', counts: { ...counts, file, removed: await retain(dir, keep) } }
  },
}

async function write(context: Context, run: JobRun, file: string) {
  const { lanes, state, options } = context
  const archive = await createArchive(file, options.backup.recipients)
  try {
    const counted = counting(archive, run)
    const rows = await withExport(state, async ({ at, schema, tables, rows }) => {
      const head: BackupHead = { format, version: options.version, host: hostname(), at: at.toISOString(), schema, tables }
      await counted.add(HEAD, JSON.stringify(head))
      let bytes = 0
      for (const table of tables) {
        let piece = 0
        for await (const text of rows(table)) {
          await counted.add(`state/${table.name}/${String(++piece).padStart(6, '0')}.copy`, text)
          bytes += text.length
        }
      }
      return bytes
    })
    let letters = 0
    for (const lane of Object.values(lanes)) letters += await lane.copy((name, path) => counted.addFile(`queue/${lane.name}/${name}`, path))
    const snapshotFiles = await copySnapshots(options.stateDir, (name, path) => counted.addFile(`snapshots/${name}`, path))
    const totals: BackupTotals = { entries: counted.entries(), letters, snapshotFiles }
    await archive.add(TAIL, JSON.stringify(totals))
    const { bytes } = await archive.close()
    return { bytes, stateBytes: rows, letters, snapshotFiles }
  } catch (error) {
    await archive.discard()
    throw error
  }
}

/** The same archive, counted; nothing more is added once the run is to stop. */
function counting(archive: Archive, run: JobRun) {
  let entries = 0
  const check = () => {
    if (!run.lease.held()) throw leaseLost(run.job)
    run.signal.throwIfAborted()
  }
  return {
    entries: () => entries,
    async add(name: string, body: string | Uint8Array) {
      check()
      await archive.add(name, body)
      entries++
    },
    async addFile(name: string, path: string) {
      check()
      const there = await archive.addFile(name, path)
      if (there) entries++
      return there
    },
  }
}

/** Backups in a folder, newest first. */
export async function listBackups(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const time = (name: string) => /-(\d{8}T\d{6}Z)\.tar\.gz\.age$/.exec(name)?.[1] ?? ''
  return names.filter((name) => name.startsWith('ponte-') && time(name) !== '').sort((a, b) => (time(a) < time(b) ? 1 : -1))
}

/** The newest `keep` stay. Returns how many went. */
async function retain(dir: string, keep: number): Promise<number> {
  const old = (await listBackups(dir)).slice(keep)
  for (const name of old) await removeArchive(join(dir, name))
  return old.length
}

/** `20261127T033000Z` */
const stamp = (at: Date): string => `${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
