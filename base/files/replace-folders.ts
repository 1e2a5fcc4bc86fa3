/**
 * Puts whole folders in the place of others. They are built aside, on the same file system, and change places by rename:
 *
 *   parent/.restoring-<id>/<name>/...   files written, fsynced; nobody looks there
 *   parent/<name> → parent/.replaced-<id>/<name>, then parent/.restoring-<id>/<name> → parent/<name>
 *
 * Killed before the renames, nothing has changed and the next call sweeps what was built; killed between two, one folder is old or absent
 * and the next is not: the caller must know that it did not come to its end, and begin again.
 */
import { readdir, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import pLimit from 'p-limit'
import { type Disk, openDisk } from './atomic-file.ts'

const BUILT = '.restoring-'
const REPLACED = '.replaced-'
/** Fsyncs under way at once: they share the file system's commits. */
const atOnce = 32
/** Beyond this a file is written as it comes, alone. */
const smallBytes = 4 * 1024 * 1024

export interface BuiltFolders {
  /** @param path below `parent`, beginning with one of the folders' names; no `..` */
  write(path: string, size: number, body: AsyncIterable<Uint8Array>): Promise<void>
  /** The folders `names` take their places; one that was never written to becomes absent. @returns where the old ones are, or null */
  takePlaces(names: readonly string[]): Promise<string | null>
  discard(): Promise<void>
}

/** @throws PonteError `restore.disk_*` */
export async function buildFolders(parent: string, id: string, disk: Disk = openDisk({ room: 'restore' })): Promise<BuiltFolders> {
  const top = resolve(parent)
  const built = join(top, BUILT + id)
  const replaced = join(top, REPLACED + id)
  await disk.mkdir(top)
  for (const name of await readdir(top)) if (name.startsWith(BUILT)) await rm(join(top, name), { recursive: true, force: true })
  await disk.mkdir(built)
  const folders = new Set<string>()
  const limit = pLimit(atOnce)
  const pending = new Set<Promise<void>>()
  let failure: unknown = null
  const settle = async () => {
    await Promise.all(pending)
    if (failure !== null) throw failure
  }

  return {
    async write(path, size, body) {
      const target = join(built, path)
      if (!target.startsWith(`${built}/`)) throw new TypeError('a path that leaves its folder')
      if (!folders.has(dirname(target))) await disk.mkdir(dirname(target))
      folders.add(dirname(target))
      if (size > smallBytes) return writeLarge(disk, target, body)
      const parts: Uint8Array[] = []
      for await (const part of body) parts.push(part)
      const task = limit(() => disk.writeNew(target, Buffer.concat(parts))).catch((error) => {
        failure ??= error
      })
      pending.add(task)
      void task.finally(() => pending.delete(task))
      if (limit.pendingCount > atOnce) await settle()
    },
    async takePlaces(names) {
      await settle()
      for (const folder of folders) await disk.syncDirectory(folder)
      let aside: string | null = null
      for (const name of names) {
        await disk.mkdir(replaced)
        if (await disk.rename(join(top, name), join(replaced, name))) aside = replaced
        await disk.rename(join(built, name), join(top, name))
      }
      await disk.syncDirectory(top)
      await rm(built, { recursive: true, force: true })
      if (aside === null) await disk.rmdir(replaced)
      return aside
    },
    async discard() {
      await Promise.allSettled(pending)
      await rm(built, { recursive: true, force: true })
    },
  }
}

/** Folders that `takePlaces` put aside here and that nobody has deleted since. */
export async function replacedFolders(parent: string): Promise<string[]> {
  const names = await readdir(parent).catch(() => [])
  return names.filter((name) => name.startsWith(REPLACED)).map((name) => join(parent, name))
}

async function writeLarge(disk: Disk, target: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await disk.create(target)
  try {
    for await (const part of body) await file.append(part)
    await file.sync()
  } finally {
    await file.close()
  }
}
