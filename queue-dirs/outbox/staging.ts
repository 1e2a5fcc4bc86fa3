/**
 * A compare's outbox:
 *
 *   open    .tmp/<run>.<entity>/nnnn.part grow              stopped: thrown away
 *   sealed  files named and fsynced, then manifest.json     stopped: finished by recover
 *   closed  files renamed into processar, manifest removed
 */
import { createHash } from 'node:crypto'
import { PonteError } from '../../base/error.ts'
import type { GrowingFile } from '../../base/files/atomic-file.ts'
import { HEARTBEAT } from '../claim/heartbeat.ts'
import type { House } from '../house.ts'
import type { Manifest, Staging } from '../lane.types.ts'
import { exists, namesIn } from '../layout.ts'
import { bulkName } from '../letter/name.ts'
import { MANIFEST, openOutbox } from './outbox.ts'

const CHUNK = 64 * 1024

/**
 * @throws PonteError `queue.bad_run` for a run or entity that is no plain name, `queue.run_exists` when this run has a folder
 *         for this entity already (another process, or a crash that `recover` has not seen)
 */
export async function openStaging(house: House, run: string, entity: string, prefix: string, at: Date): Promise<Staging> {
  const { disk, linesPerFile } = house
  const name = outboxName(run, entity)
  const outbox = await openOutbox(house, name)
  if (outbox === null) {
    throw new PonteError('queue.run_exists', `run ${run} has an outbox for ${entity} already`, {
      hint: 'recover the queue first, or use a new run id',
    })
  }
  const { folder, heartbeat } = outbox

  interface Part {
    readonly lines: number
    readonly md5: string
  }
  const parts: Part[] = []
  let open: { file: GrowingFile; lines: number; hash: ReturnType<typeof createHash> } | null = null
  let buffer = ''
  let state: 'open' | 'sealed' | 'broken' | 'ended' = 'open'
  let sealed: Manifest | null = null

  const partName = (number: number) => `${folder}/${String(number).padStart(4, '0')}.part`
  const flush = async () => {
    if (open === null || buffer === '') return
    const text = buffer
    buffer = ''
    open.hash.update(text)
    await open.file.append(text)
  }
  const cut = async () => {
    if (open === null) return
    await flush()
    await open.file.sync()
    await open.file.close()
    parts.push({ lines: open.lines, md5: open.hash.digest('hex') })
    open = null
  }
  /** After a failed write nothing of this outbox is to be trusted: it can only be discarded. */
  const guarded = async <T>(from: 'open' | 'sealed', act: () => Promise<T>): Promise<T> => {
    if (state !== from) {
      throw new PonteError('queue.staging_state', `the outbox of run ${run} is ${state}, not ${from}`, {
        hint: 'discard it and run the compare again',
      })
    }
    try {
      return await act()
    } catch (error) {
      if (from === 'open') state = 'broken'
      throw error
    }
  }

  return {
    async write(line) {
      await guarded('open', async () => {
        if (line.includes('\n'))
          throw new PonteError('queue.bad_line', 'a queue line holds a line break', {
            hint: 'a defect: lines are JSON without line breaks',
          })
        if (open === null) open = { file: await disk.create(partName(parts.length + 1)), lines: 0, hash: createHash('md5') }
        buffer += `${line}\n`
        open.lines += 1
        if (buffer.length >= CHUNK) await flush()
        if (open.lines === linesPerFile) await cut()
      })
    },

    seal: (batchHash, meta) =>
      guarded('open', async () => {
        await cut()
        const files = parts.map((part, index) => ({ name: bulkName(prefix, batchHash, at.getTime(), index + 1), ...part }))
        for (const [index, file] of files.entries()) {
          if (!(await disk.rename(partName(index + 1), `${folder}/${file.name}`))) throw outboxLost(run)
        }
        await disk.syncDirectory(folder)
        if (!heartbeat.fresh()) throw outboxLost(run)
        const manifest: Manifest = { run, entity, files, meta }
        await disk.replace(`${folder}/${MANIFEST}`, JSON.stringify(manifest), `${folder}/${MANIFEST}.tmp`)
        sealed = manifest
        state = 'sealed'
        return manifest
      }),

    async commit() {
      if (state === 'ended' && sealed !== null) return
      await guarded('sealed', async () => {
        await publish(house, folder, sealed as Manifest)
        heartbeat.stop()
        state = 'ended'
      })
    },

    async discard() {
      if (state === 'ended') return
      if (state === 'sealed') {
        throw new PonteError('queue.staging_state', `the outbox of run ${run} is sealed`, {
          hint: 'a sealed outbox is finished, not undone: commit it, or recover',
        })
      }
      await open?.file.close().catch(() => undefined)
      state = 'ended'
      heartbeat.stop()
      await removeFolder(house, folder)
    },
  }
}

/** Renames, one directory fsync, then the manifest. Files that are gone were moved by an earlier try. */
export async function publish(house: House, folder: string, manifest: Manifest): Promise<void> {
  const { disk, layout } = house
  for (const { name } of manifest.files) await disk.rename(`${folder}/${name}`, `${layout.processar}/${name}`)
  await disk.syncDirectory(layout.processar)
  // Taken away by recover in the meantime? Then it lies there with all its files and recover goes on with it.
  if (await disk.unlink(`${folder}/${MANIFEST}`)) await disk.syncDirectory(folder)
  if (await exists(folder)) await removeFolder(house, folder)
}

/** The manifest first, the heartbeat last: no half-removed folder looks like work to be finished, or like a live publisher's. */
export async function removeFolder(house: House, folder: string): Promise<void> {
  const { disk } = house
  const names = await namesIn(folder)
  const rank = (name: string) => (name === MANIFEST ? 0 : name === HEARTBEAT ? 2 : 1)
  for (const name of names.sort((a, b) => rank(a) - rank(b))) await disk.unlink(`${folder}/${name}`)
  await disk.rmdir(folder)
}

export function outboxName(run: string, entity: string): string {
  for (const part of [run, entity]) {
    if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$/.test(part) && !part.includes('..')) continue
    throw new PonteError('queue.bad_run', 'run and entity are plain names: letters, digits, dots, hyphens, underscores, at most 80', {
      hint: 'a defect of the caller',
      exitCode: 2,
    })
  }
  return `run.${run}.${entity}`
}

const outboxLost = (run: string) =>
  new PonteError('queue.outbox_lost', `the outbox of run ${run} was taken away: its publisher was stopped for longer than the lease`, {
    hint: 'nothing was published: run the compare again',
  })
