/**
 * The only way this product changes files that must survive a power cut.
 *
 * tmp -> fsync -> rename -> fsync of the directory. A file is either absent, or whole under its final name.
 *
 * An fsync that failed is never repeated on the same file: the kernel may have marked the pages clean, and the second call
 * would then lie (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020). The file is thrown away.
 *
 * Creating, writing and renaming small files only change the kernel's memory and are done at once; what waits for the disk itself,
 * the syncs, goes to Node's threads, where many run side by side and share the file system's commits.
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { type FileHandle, mkdir, open, rmdir, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { createDirectorySync } from './directory-sync.ts'
import { diskError } from './disk-error.ts'

const FOLDER_MODE = 0o750
export const FILE_MODE = 0o640

export type DiskOp = 'create' | 'write' | 'sync' | 'rename' | 'unlink' | 'mkdir' | 'rmdir' | 'sync-directory' | 'sync-file-system'

/** A file that only grows. Not safe for concurrent `append` calls. */
export interface GrowingFile {
  append(data: string | Uint8Array): Promise<void>
  /** fdatasync. After a failure the file must be abandoned: write a new one. */
  sync(): Promise<void>
  close(): Promise<void>
}

export interface Disk {
  /** Creates `path`, which must not exist. Not durable until `sync` and `syncDirectory`. */
  create(path: string): Promise<GrowingFile>
  /** Creates `path`, which must not exist, with `data`, fsynced. When it throws, no file is left (as far as the disk lets us). */
  writeNew(path: string, data: string | Uint8Array): Promise<void>
  /** Puts `data` at `path` durably, over whatever was there. `tmp` must be on the same file system; default: hidden, beside it. */
  replace(path: string, data: string | Uint8Array, tmp?: string): Promise<void>
  /** Plain atomic rename; false when `from` (or the target folder) is gone, which is how claims are lost and won. */
  rename(from: string, to: string): Promise<boolean>
  /** False when it was gone already. */
  unlink(path: string): Promise<boolean>
  /** Creates a folder (0750; absolute path), its parents too, and makes their entries durable. No-op the second time. */
  mkdir(path: string): Promise<void>
  /** Creates a folder that must be new (0750), durably. False when it exists. */
  mkdirNew(path: string): Promise<boolean>
  /** False when it was gone already or is not empty. */
  rmdir(path: string): Promise<boolean>
  /** fsync of a directory. Concurrent callers share one: a call is served by an fsync that began after the call. */
  syncDirectory(path: string): Promise<void>
  /** syncfs(2), by the system's `sync -f`: all that was written to the file system of `path` before the call. Fails where there is none. */
  syncFileSystem(path: string): Promise<void>
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code

/**
 * @param room   prefix of the error codes: `<room>.disk_full`, `.disk_read_only`, `.disk_quota`, `.disk_denied`, `.disk_error`
 * @param onStep called before every change to the disk (`from`: the old path of a rename); what it throws is thrown in place of the change. Tests stop or fail
 *               the process at each step with it.
 * @throws PonteError from every method, with the original as `cause`
 */
export function openDisk(options: { room: string; onStep?: (op: DiskOp, path: string, from?: string) => void }): Disk {
  const step = async <T>(op: DiskOp, path: string, act: () => Promise<T>, from?: string): Promise<T> => {
    try {
      options.onStep?.(op, path, from)
      return await act()
    } catch (error) {
      throw diskError(options.room, op, path, error)
    }
  }
  const unless = async (codes: readonly string[], act: () => Promise<void>): Promise<boolean> => {
    try {
      await act()
      return true
    } catch (error) {
      if (codes.includes(codeOf((error as Error).cause) ?? '')) return false
      throw error
    }
  }
  const syncDirectory = createDirectorySync((path) => step('sync-directory', path, () => fsyncDirectory(path)))

  const durable = new Set<string>()
  const create = async (path: string, data: string | Uint8Array, finish: (fd: number) => Promise<void>): Promise<void> => {
    const fd = await step('create', path, async () => fs.openSync(path, 'wx', FILE_MODE))
    try {
      await step('write', path, async () => fs.writeFileSync(fd, data))
      await finish(fd)
    } catch (error) {
      fs.closeSync(fd)
      await disk.unlink(path).catch(() => undefined)
      throw error
    }
    fs.closeSync(fd)
  }

  const disk: Disk = {
    async create(path) {
      const handle = await step('create', path, () => open(path, 'wx', FILE_MODE))
      return growing(handle, path, step)
    },
    writeNew: (path, data) => create(path, data, (fd) => step('sync', path, () => fdatasync(fd))),
    async replace(path, data, tmp = `${dirname(path)}/.${randomUUID()}.tmp`) {
      await disk.writeNew(tmp, data)
      try {
        await step('rename', path, async () => fs.renameSync(tmp, path), tmp)
      } catch (error) {
        await disk.unlink(tmp).catch(() => undefined)
        throw error
      }
      await syncDirectory(dirname(path))
    },
    rename: (from, to) => unless(['ENOENT'], () => step('rename', to, async () => fs.renameSync(from, to), from)),
    unlink: (path) => unless(['ENOENT'], () => step('unlink', path, () => unlink(path))),
    rmdir: (path) => {
      durable.delete(path)
      return unless(['ENOENT', 'ENOTEMPTY', 'EEXIST'], () => step('rmdir', path, () => rmdir(path)))
    },
    async mkdirNew(path) {
      const made = await unless(['EEXIST'], () => step('mkdir', path, () => mkdir(path, { mode: FOLDER_MODE })).then(() => undefined))
      if (made) await syncDirectory(dirname(path))
      return made
    },
    async mkdir(path) {
      if (durable.has(path)) return
      const first = (await step('mkdir', path, () => mkdir(path, { recursive: true, mode: FOLDER_MODE }))) ?? path
      // Also when it existed: whoever made it may have died before this fsync.
      for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made))
      durable.add(path)
    },
    syncDirectory,
    syncFileSystem: (path) => step('sync-file-system', path, async () => void (await run('sync', ['-f', path]))),
  }
  return disk
}

type Step = <T>(op: DiskOp, path: string, act: () => Promise<T>) => Promise<T>

function growing(handle: FileHandle, path: string, step: Step): GrowingFile {
  return {
    // appendFile repeats short writes; FileHandle.write does not.
    append: (data) => step('write', path, () => handle.appendFile(data)),
    sync: () => step('sync', path, () => handle.datasync()),
    close: () => handle.close(),
  }
}

const run = promisify(execFile)
const fdatasync = promisify(fs.fdatasync)
const fsync = promisify(fs.fsync)

async function fsyncDirectory(path: string): Promise<void> {
  const fd = fs.openSync(path, 'r')
  try {
    await fsync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
