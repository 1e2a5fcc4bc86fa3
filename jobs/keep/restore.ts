/**
 * State database, queue and snapshots as a backup holds them.
 *
 *   read into folders aside and into one open transaction → proved whole → commit, as unfinished → folders change places → finished
 *
 * Until the commit nothing has changed. Between commit and end every command refuses to work (`restore.unfinished`) and the restore is run
 * again, with --force, from its beginning.
 */

import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { PassThrough } from 'node:stream'
import type pg from 'pg'
import { ulid } from 'ulid'
import { PonteError } from '../../base/error.ts'
import { type ArchiveEntry, checkSum, damaged, readArchive } from '../../base/files/archive-read.ts'
import type { Disk } from '../../base/files/atomic-file.ts'
import { type BuiltFolders, buildFolders, replacedFolders } from '../../base/files/replace-folders.ts'
import { importState, notEmpty, type StateImport } from '../../connectors/state/backup/import.ts'
import { finishRestore } from '../../connectors/state/backup/restores.ts'
import { isSnapshotName } from '../../engine/snapshot-copies.ts'
import { isCopyName } from '../../queue-dirs/outbox/copies.ts'
import { kindNames } from '../../records/kinds.ts'
import { type BackupHead, type BackupTotals, format, HEAD, TAIL } from './backup.ts'

export interface RestorePlaces {
  readonly state: pg.Pool
  readonly queueRoot: string
  readonly stateDir: string
  /** For tests: what stands between a restore and the machine. */
  readonly disk?: Disk
}

export interface Restored {
  readonly backupAt: Date
  readonly letters: number
  readonly snapshotFiles: number
  /** Folders with what was there before, this restore's and those of earlier ones that nobody deleted. */
  readonly aside: readonly string[]
}

/**
 * @param identity the secret key
 * @param force also when there is something: the state is replaced, queue and snapshots are set aside
 * @throws PonteError `backup.*` and `restore.not_empty`, `restore.in_use` (nothing was changed); `state.*`, `restore.disk_*`
 */
export async function restore(file: string, identity: string, places: RestorePlaces, force: boolean): Promise<Restored> {
  await checkSum(file)
  if (!force) await refuseLetters(places.queueRoot)
  // Read once before anything is touched: what is damaged at its end is known at its beginning.
  const { head, totals } = await verify(file, identity)
  const id = ulid()
  const queue = await buildFolders(places.queueRoot, id, places.disk)
  const snapshots = await buildFolders(places.stateDir, id, places.disk)
  const backup = { name: basename(file), at: new Date(head.at), schema: head.schema }
  try {
    const restoreId = await importState(places.state, backup, force, (into) => load(file, identity, head, { into, queue, snapshots }))
    await queue.takePlaces(kindNames)
    await snapshots.takePlaces(['snapshots'])
    await finishRestore(places.state, restoreId)
    // Also what a restore that broke off had set aside: there lies what was there before it.
    const aside = [...(await replacedFolders(places.queueRoot)), ...(await replacedFolders(places.stateDir))]
    return { backupAt: backup.at, letters: totals.letters, snapshotFiles: totals.snapshotFiles, aside }
  } catch (error) {
    await queue.discard()
    await snapshots.discard()
    throw error
  }
}

/**
 * Reads a backup to its end: right key, every byte as it was written, nothing missing.
 * @throws PonteError `backup.*`
 */
export async function verify(file: string, identity: string): Promise<{ head: BackupHead; totals: BackupTotals }> {
  let head: BackupHead | null = null
  let totals: BackupTotals | null = null
  let entries = 0
  await readArchive(file, identity, async ({ name, body }) => {
    if (totals !== null) throw damaged()
    if (name === TAIL) totals = JSON.parse(await textOf(body)) as BackupTotals
    else entries++
    if (name !== HEAD) return
    head = JSON.parse(await textOf(body)) as BackupHead
    if (head.format !== format) throw otherFormat(head)
  })
  const [foundHead, foundTotals] = [head, totals] as [BackupHead | null, BackupTotals | null]
  if (foundHead === null || foundTotals === null || foundTotals.entries !== entries) throw damaged()
  return { head: foundHead, totals: foundTotals }
}

async function load(
  file: string,
  identity: string,
  head: BackupHead,
  to: { into: StateImport; queue: BuiltFolders; snapshots: BuiltFolders },
): Promise<void> {
  // Pieces of one table follow each other, so a table is filled by one statement that waits for its next piece.
  let table: { name: string; rows: PassThrough; filled: Promise<void> } | null = null
  const endTable = async () => {
    table?.rows.end()
    await table?.filled
    table = null
  }
  const openTable = (name: string) => {
    const rows = new PassThrough()
    const columns = head.tables.find((one) => one.name === name)?.columns ?? []
    const filled = to.into.fill(name, columns, rows)
    filled.catch(() => {})
    return { name, rows, filled }
  }
  await readArchive(file, identity, async (entry) => {
    const [, where, rest] = /^(state|queue|snapshots)\/(.+)$/.exec(entry.name) ?? []
    if (where === undefined || rest === undefined) return
    if (where === 'state') {
      const name = rest.split('/')[0]!
      if (table?.name !== name) {
        await endTable()
        table = openTable(name)
      }
      const { rows, filled } = table
      for await (const piece of entry.body) if (!rows.write(piece)) await Promise.race([once(rows, 'drain'), filled])
      return
    }
    await endTable()
    const [lane, name] = [rest.slice(0, rest.indexOf('/')), rest.slice(rest.indexOf('/') + 1)]
    if (where === 'queue') {
      if (!kindNames.some((one) => one === lane) || !isCopyName(name)) throw notOurs(entry)
      await to.queue.write(rest, entry.size, entry.body)
    } else {
      if (!isSnapshotName(rest)) throw notOurs(entry)
      await to.snapshots.write(entry.name, entry.size, entry.body)
    }
  })
  await endTable()
}

async function refuseLetters(root: string): Promise<void> {
  for (const lane of kindNames) {
    if (!existsSync(join(root, lane))) continue
    const found = await readdir(join(root, lane), { recursive: true, withFileTypes: true })
    if (found.some((entry) => entry.isFile() && entry.name.endsWith('.json'))) throw notEmpty(`there are letters in ${join(root, lane)}`)
  }
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

const notOurs = ({ name }: ArchiveEntry) =>
  new PonteError('backup.not_ours', `the backup holds a file that no backup of Ponte holds: ${JSON.stringify(name.slice(0, 80))}`, {
    hint: 'it was made by somebody else for this key; nothing was changed',
    exitCode: 2,
  })

const otherFormat = (head: BackupHead) =>
  new PonteError('backup.other_format', `the backup has format ${head.format}, this version reads ${format}`, {
    hint: `use Ponte ${head.version}`,
    exitCode: 2,
  })
