/**
 * A lease without a clock that can jump.
 *
 *   holder:   rewrites `.heartbeat` every `heartbeatMs`; its lease runs from the moment before its last good rewrite, by its
 *             own monotonic clock. Once past the lease it stays past: a holder that was stopped and woken does nothing.
 *   watcher:  calls a holder dead when its process is proven gone, or when the file did not change for a whole lease of the
 *             watcher's monotonic clock. Nobody compares wall clocks, neither of processes nor of file servers.
 *
 * So whoever takes over does it strictly after the holder stopped believing in its own lease.
 */
import { open, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Disk } from '../../base/files/atomic-file.ts'
import type { Clock } from './clock.ts'
import { judgeOwner, type Owner, thisProcess } from './owner.ts'

export const HEARTBEAT = '.heartbeat'

export interface Timing {
  readonly leaseMs: number
  readonly heartbeatMs: number
  readonly clock: Clock
}

export interface Heartbeat {
  /** True while the lease runs. False once is false for ever. */
  fresh(): boolean
  /** Stops beating; the file is left to its folder's owner. */
  stop(): void
}

/**
 * Creates `folder`, which must be new, with a heartbeat that beats until `stop`, the end of the lease, or the removal of the file.
 * @returns null when the folder exists
 */
export async function openBeatingFolder(folder: string, timing: Timing, disk: Disk): Promise<Heartbeat | null> {
  if (!(await disk.mkdirNew(folder))) return null
  try {
    return await startHeartbeat(folder, timing, disk)
  } catch (error) {
    await disk.unlink(`${folder}/${HEARTBEAT}`).catch(() => undefined)
    await disk.rmdir(folder).catch(() => undefined)
    throw error
  }
}

async function startHeartbeat(folder: string, timing: Timing, disk: Disk): Promise<Heartbeat> {
  const { clock, leaseMs } = timing
  const path = `${folder}/${HEARTBEAT}`
  let last = clock.monotonic()
  let gone = false
  let count = 0
  const file = await disk.create(path)
  await file.append(print(count, thisProcess())).finally(() => file.close())

  const fresh = () => {
    if (clock.monotonic() - last >= leaseMs) gone = true
    return !gone
  }
  let beating = false
  const beat = async () => {
    if (beating) return
    if (!fresh()) return stop()
    beating = true
    const started = clock.monotonic()
    try {
      count += 1
      // By path, so that a removed file ends the lease; in place, so that a full disk does not.
      const handle = await open(path, 'r+')
      try {
        await handle.write(counter(count), 0)
      } finally {
        await handle.close()
      }
      last = started
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') gone = true
    } finally {
      beating = false
    }
  }
  const stop = clock.every(timing.heartbeatMs, () => void beat())
  return { fresh, stop }
}

const counter = (count: number) => String(count).padStart(16, '0')
const print = (count: number, owner: Owner) => `${counter(count)}\n${JSON.stringify(owner)}\n`

/** Remembers, per heartbeat, since when (monotonic) its content has not changed. */
export interface Watcher {
  /**
   * `dead`: take over. `alive`: it changed since the last look, or its process runs on this machine and has not been silent
   * for a lease yet. `silent`: cannot tell before more of the lease has passed.
   */
  look(folder: string): Promise<'dead' | 'alive' | 'silent'>
  /** Forgets the folders of `parent` that are not among `folders`. */
  keepOnly(parent: string, folders: ReadonlySet<string>): void
}

export function createWatcher(timing: Timing): Watcher {
  const seen = new Map<string, { content: string; since: number }>()
  return {
    async look(folder) {
      const { content, owner } = await readHeartbeat(folder)
      const process = owner === null ? 'unknown' : judgeOwner(owner)
      if (process === 'gone') return 'dead'
      const now = timing.clock.monotonic()
      const known = seen.get(folder)
      if (known !== undefined && known.content === content && now - known.since >= timing.leaseMs) return 'dead'
      if (known?.content !== content) seen.set(folder, { content, since: now })
      const changed = known !== undefined && known.content !== content
      return changed || process === 'running' ? 'alive' : 'silent'
    },
    keepOnly(parent, folders) {
      for (const folder of seen.keys()) if (dirname(folder) === parent && !folders.has(folder)) seen.delete(folder)
    },
  }
}

/** A folder whose heartbeat is missing or torn (its owner died between two steps) is judged by its own change time alone. */
async function readHeartbeat(folder: string): Promise<{ content: string; owner: Owner | null }> {
  try {
    const content = await readFile(`${folder}/${HEARTBEAT}`, 'utf8')
    const owner = content.endsWith('\n') ? (JSON.parse(content.slice(content.indexOf('\n'))) as Owner) : null
    return { content, owner }
  } catch {
    const info = await stat(folder).catch(() => null)
    return { content: `without ${info?.ctimeMs ?? 0}`, owner: null }
  }
}
