import { dirname } from 'node:path'
import { PonteError } from '../error.ts'

const KINDS: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOSPC: ['disk_full', 'free space on this file system; nothing was acknowledged, the work is repeated by itself'],
  EDQUOT: ['disk_full', 'raise the quota of this user or free space; nothing was acknowledged, the work is repeated by itself'],
  EFBIG: ['disk_full', 'raise the file size limit of this process (ulimit -f); nothing was acknowledged'],
  EROFS: ['disk_read_only', 'the file system is mounted read-only, often after an error: read dmesg, repair and remount it'],
  EACCES: ['disk_denied', 'the folder must belong to the user that runs ponte, with mode 0750'],
  EPERM: ['disk_denied', 'the folder must belong to the user that runs ponte, with mode 0750'],
  EXDEV: ['disk_split', 'the folder must lie on one file system as a whole: renames are not atomic across mounts'],
}

/**
 * What a failed change to the disk becomes. The message names the folder and never the file: file names hold e-mail and
 * company names.
 *
 * @param room  prefix of the code, e.g. `queue` gives `queue.disk_full`
 * @param op    what was being done
 * @param path  the file or folder it was done to
 */
export function diskError(room: string, op: string, path: string, error: unknown): PonteError {
  if (error instanceof PonteError) return error
  const code = (error as NodeJS.ErrnoException | null)?.code ?? 'unknown'
  const [what, hint] = KINDS[code] ?? ['disk_error', 'read the cause and dmesg; when the disk reports errors, move the data to another one']
  const cause = error instanceof Error ? withoutPath(error) : error
  return new PonteError(`${room}.${what}`, `could not ${op} in ${dirname(path)} (${code})`, { hint, cause })
}

/** Node puts the whole path into the message of a system error; keep code and system call only. */
function withoutPath(error: Error): Error {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return error
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall })
}
