/** Where single letters are written before they are renamed into processar. */
import { PonteError } from '../../base/error.ts'
import { HEARTBEAT } from '../claim/heartbeat.ts'
import type { House } from '../house.ts'
import { exists } from '../layout.ts'
import { singleName } from '../letter/name.ts'
import { DESK, type Outbox, openOutbox } from './outbox.ts'

export interface Desk {
  enqueue(prefix: string, slug: string, body: string): Promise<string>
  /** See Lane. */
  enqueueIf(wanted: Promise<boolean>, prefix: string, slug: string, body: string): Promise<string | null>
  /** Writes and removes a file here. */
  probe(): Promise<void>
  close(): Promise<void>
}

/**
 * One folder per process, opened when first needed.
 *
 * A folder in which something failed is left for a new one, which must be made durable before it takes a letter: so a disk that is broken
 * or read-only says so before anything is accepted, and a file whose fsync failed lies where nobody publishes from.
 */
export function createDesk(house: House): Desk {
  const { disk, layout } = house
  let opening: Promise<Outbox> | null = null

  const open = async () => (await openOutbox(house, DESK + house.nextId())) as Outbox
  const current = async (): Promise<Outbox> => {
    opening ??= open()
    const mine = opening
    const known = await mine.catch(() => null)
    // Stopped past the lease: the folder may be gone, or about to go.
    if (known?.heartbeat.fresh()) return known
    if (opening === mine) {
      known?.heartbeat.stop()
      opening = open()
    }
    return opening
  }
  /** What cannot be removed now, `recover` removes. */
  const leave = async (desk: Outbox): Promise<void> => {
    if ((await opening?.catch(() => null)) === desk) opening = null
    desk.heartbeat.stop()
    await disk.unlink(`${desk.folder}/${HEARTBEAT}`).catch(() => undefined)
    await disk.rmdir(desk.folder).catch(() => undefined)
  }
  /** A letter on a desk. One that somebody removed is replaced once: looking for it each time costs more. */
  const write = async (name: string, body: string): Promise<{ desk: Outbox; path: string }> => {
    const on = async (desk: Outbox) => {
      const path = `${desk.folder}/${name}`
      await disk.writeNew(path, body)
      return { desk, path }
    }
    const desk = await current()
    try {
      return await on(desk)
    } catch (error) {
      const removed = !(await exists(desk.folder))
      await leave(desk)
      if (!removed) throw error
      return on(await current())
    }
  }

  const publish = async (name: string, { desk, path }: { desk: Outbox; path: string }): Promise<void> => {
    const target = `${layout.processar}/${name}`
    let visible = false
    try {
      visible = await disk.rename(path, target)
      if (!visible) {
        throw new PonteError('queue.outbox_lost', 'this process was stopped for longer than its lease while it wrote a letter', {
          hint: 'nothing was accepted: send it again',
        })
      }
      await disk.syncDirectory(layout.processar)
    } catch (error) {
      // Not acknowledged, so not to be delivered, unless somebody has it already (then it was whole, and is delivered once).
      await disk.unlink(visible ? target : path).catch(() => undefined)
      await leave(desk)
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
    if (written.status === 'fulfilled') await disk.unlink(written.value.path).catch(() => undefined)
    if (answer.status === 'rejected') throw answer.reason
    // What is not wanted need not have been written.
    if (isWanted) throw (written as PromiseRejectedResult).reason
    return null
  }

  return {
    enqueue: async (prefix, slug, body) => (await put(Promise.resolve(true), prefix, slug, body))!,
    enqueueIf: put,
    async probe() {
      const { folder } = await current()
      const path = `${folder}/probe.${house.nextId()}`
      await disk.writeNew(path, 'probe')
      await disk.unlink(path)
    },
    async close() {
      const last = await opening?.catch(() => null)
      opening = null
      if (last) await leave(last)
    },
  }
}
