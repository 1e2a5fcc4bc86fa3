/**
 * Folders of publishers: `.tmp/<run>.<entity>/` of a compare, `.tmp/desk.<id>/` of a process that enqueues. Each has a
 * heartbeat, so that what a dead publisher left is told from what a live one is just writing.
 */
import { PonteError } from '../base/error.ts'
import { HEARTBEAT, type Heartbeat, openBeatingFolder } from './heartbeat.ts'
import type { House } from './house.ts'
import { exists } from './layout.ts'
import { singleName } from './name.ts'

export const MANIFEST = 'manifest.json'
export const DESK = 'desk.'
/** A folder that `recover` has taken away from its owner: by its old name nobody reaches it any more. */
export const TAKEN = '.taken.'

export interface Outbox {
  readonly folder: string
  readonly heartbeat: Heartbeat
}

/** null when there is such a folder. */
export async function openOutbox(house: House, name: string): Promise<Outbox | null> {
  const folder = `${house.layout.tmp}/${name}`
  const heartbeat = await openBeatingFolder(folder, house, house.disk)
  return heartbeat === null ? null : { folder, heartbeat }
}

export interface Desk {
  enqueue(prefix: string, slug: string, body: string): Promise<string>
  /** See Lane. */
  enqueueIf(wanted: Promise<boolean>, prefix: string, slug: string, body: string): Promise<string | null>
  /** Writes and removes a file here. */
  probe(): Promise<void>
  close(): Promise<void>
}

/** Where single letters are written before they are renamed into processar. One folder per process, opened when first needed. */
export function createDesk(house: House): Desk {
  const { disk, layout } = house
  let opening: Promise<Outbox> | null = null

  const openDesk = () => openOutbox(house, DESK + house.nextId()).then((outbox) => outbox as Outbox)
  const place = async (): Promise<Outbox> => {
    opening ??= openDesk()
    const mine = opening
    const known = await mine.catch(() => null)
    // Stopped past the lease: the folder may be gone, or about to go.
    if (known?.heartbeat.fresh()) return known
    known?.heartbeat.stop()
    if (opening === mine) opening = openDesk()
    return opening
  }
  /** Writes a letter on the desk. A desk that somebody removed is replaced once: looking for it each time costs more. */
  const write = async (name: string, body: string): Promise<string> => {
    const outbox = await place()
    try {
      await disk.writeNew(`${outbox.folder}/${name}`, body)
      return outbox.folder
    } catch (error) {
      if (await exists(outbox.folder)) throw error
      outbox.heartbeat.stop()
      if ((await opening?.catch(() => null)) === outbox) opening = null
      const { folder } = await place()
      await disk.writeNew(`${folder}/${name}`, body)
      return folder
    }
  }

  const publish = async (name: string, folder: string): Promise<void> => {
    const target = `${layout.processar}/${name}`
    let visible = false
    try {
      visible = await disk.rename(`${folder}/${name}`, target)
      if (!visible) {
        throw new PonteError('queue.outbox_lost', 'this process was stopped for longer than its lease while it wrote a letter', {
          hint: 'nothing was accepted: send it again',
        })
      }
      await disk.syncDirectory(layout.processar)
    } catch (error) {
      // Not acknowledged, so not to be delivered, unless somebody has it already (then it was whole, and is delivered once).
      await disk.unlink(visible ? target : `${folder}/${name}`).catch(() => undefined)
      throw error
    }
  }
  const put = async (wanted: Promise<boolean>, prefix: string, slug: string, body: string): Promise<string | null> => {
    if (body.trim() === '') {
      throw new PonteError('queue.empty_body', `an empty body for ${prefix}`, {
        hint: 'a letter holds one JSON object; this is a defect of the caller',
      })
    }
    const name = singleName(prefix, slug, house.nameTime(), house.nextId())
    const [answer, written] = await Promise.allSettled([wanted, write(name, body)])
    const isWanted = answer.status === 'fulfilled' && answer.value
    if (written.status === 'fulfilled' && isWanted) {
      await publish(name, written.value)
      return name
    }
    if (written.status === 'fulfilled') await disk.unlink(`${written.value}/${name}`).catch(() => undefined)
    if (answer.status === 'rejected') throw answer.reason
    // What is not wanted need not have been written.
    if (isWanted) throw (written as PromiseRejectedResult).reason
    return null
  }

  return {
    enqueue: async (prefix, slug, body) => (await put(Promise.resolve(true), prefix, slug, body))!,
    enqueueIf: put,
    async probe() {
      const name = `probe.${house.nextId()}`
      const folder = await write(name, 'probe')
      await disk.unlink(`${folder}/${name}`)
    },
    async close() {
      const outbox = await opening?.catch(() => null)
      opening = null
      if (!outbox) return
      outbox.heartbeat.stop()
      await disk.unlink(`${outbox.folder}/${HEARTBEAT}`)
      await disk.rmdir(outbox.folder)
    },
  }
}
