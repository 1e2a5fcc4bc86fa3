/**
 * Snapshots: what each compare saw, kept in files that never change.
 *
 *   <stateDir>/snapshots/<entity>/<sequence>/rows.parquet      key and hash of every desired row (a base)
 *                                            changes.parquet   the changed rows whole, old and new
 *                                            meta.json         what `SnapshotMeta` says
 *                               <entity>/current.json          the pointer: the newest whole snapshot
 *
 * Order of a commit: files into `.tmp-<sequence>`, each fsynced; the folder fsynced and renamed to `<sequence>`; the
 * pointer written beside, fsynced, renamed over the old one, and the directory fsynced. A kill before the last rename leaves
 * the old pointer and a folder that the next commit sweeps. One process at a time commits for an entity.
 */
import { chmod, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PonteError } from '../base/error.ts'

export interface SnapshotMeta {
  readonly entity: string
  /** 1, 2, 3... per entity. */
  readonly sequence: number
  readonly run: string
  /** ISO instant, UTC. */
  readonly createdAt: string
  readonly rows: { readonly desired: number; readonly known: number; readonly keyless: number }
  readonly changed: number
  readonly batchHash: string
}

export interface Retention {
  /** Newest snapshots that are kept at all (1 or more). */
  readonly changes: number
  /** Newest snapshots that keep `rows.parquet`, the larger file (1 or more). */
  readonly bases: number
}

const POINTER = 'current.json'
const UNFINISHED = '.tmp-'

/** The newest whole snapshot of an entity, or null when there is none. Throws `engine.snapshot_damaged` when the pointer cannot be read. */
export async function readPointer(stateDir: string, entity: string): Promise<SnapshotMeta | null> {
  const file = join(folderOf(stateDir, entity), POINTER)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    const meta = JSON.parse(text) as SnapshotMeta
    if (!Number.isSafeInteger(meta.sequence) || !Number.isSafeInteger(meta.rows.desired)) throw new Error('not a snapshot pointer')
    return meta
  } catch (cause) {
    throw new PonteError('engine.snapshot_damaged', `the snapshot pointer of ${entity} cannot be read`, {
      hint: `restore snapshots/${entity}/${POINTER} from a backup, or delete it: the guards then have no last run to compare with`,
      cause,
    })
  }
}

/** The folder of one snapshot. */
export function snapshotFolder(stateDir: string, entity: string, sequence: number): string {
  return join(folderOf(stateDir, entity), String(sequence))
}

/**
 * Makes a snapshot the newest. `write` puts the Parquet files into the folder it is given. Resolves when all of it would
 * survive a power cut. Throws `engine.snapshot_conflict` when the sequence number was taken meanwhile.
 */
export async function commitSnapshot(
  stateDir: string,
  meta: SnapshotMeta,
  write: (folder: string) => Promise<void>,
  keep: Retention,
): Promise<void> {
  const folder = folderOf(stateDir, meta.entity)
  await makeDurably(stateDir, ['snapshots', meta.entity])
  const newest = (await readPointer(stateDir, meta.entity))?.sequence ?? 0
  if (meta.sequence <= newest) throw conflict(meta, newest)
  await sweep(folder, newest)
  const unfinished = join(folder, `${UNFINISHED}${meta.sequence}`)
  await mkdir(unfinished, { mode: 0o750 })
  await write(unfinished)
  await writeDurably(join(unfinished, 'meta.json'), JSON.stringify(meta))
  for (const name of await readdir(unfinished)) {
    await chmod(join(unfinished, name), 0o640)
    await sync(join(unfinished, name))
  }
  await sync(unfinished)
  await rename(unfinished, join(folder, String(meta.sequence)))
  await sync(folder)
  await writeDurably(join(folder, `${UNFINISHED}${POINTER}`), JSON.stringify(meta))
  await rename(join(folder, `${UNFINISHED}${POINTER}`), join(folder, POINTER))
  await sync(folder)
  await retain(folder, keep)
}

/** Removes what killed runs left: unfinished folders, and whole ones that no pointer ever named. */
async function sweep(folder: string, newest: number): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(UNFINISHED) || (/^\d+$/.test(name) && Number(name) > newest))
      await rm(join(folder, name), { recursive: true, force: true })
  }
}

async function retain(folder: string, keep: Retention): Promise<void> {
  const sequences = (await readdir(folder)).filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a))
  for (const old of sequences.slice(keep.changes)) await rm(join(folder, old), { recursive: true, force: true })
  for (const old of sequences.slice(keep.bases, keep.changes)) await rm(join(folder, old, 'rows.parquet'), { force: true })
}

function folderOf(stateDir: string, entity: string): string {
  return join(stateDir, 'snapshots', entity)
}

/** mkdir -p below `root`, each new name fsynced in its parent. */
async function makeDurably(root: string, names: readonly string[]): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o750 })
  let parent = root
  for (const name of names) {
    const made = await mkdir(join(parent, name), { recursive: true, mode: 0o750 })
    if (made !== undefined) await sync(parent)
    parent = join(parent, name)
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o640)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** fsync of a file or a directory. */
async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function conflict(meta: SnapshotMeta, newest: number): PonteError {
  return new PonteError(
    'engine.snapshot_conflict',
    `snapshot ${meta.sequence} of ${meta.entity} comes after ${newest} was committed by another run`,
    {
      hint: 'two processes compare the same entity; stop one of them',
    },
  )
}
