/** Where single letters are written before they are renamed into processar. */
import { PonteError } from '../base/error.ts'
import { type Durability, synced, type Written } from './durability.ts'
import { HEARTBEAT } from './heartbeat.ts'
import type { House } from './house.ts'
import { openJournal } from './journal.ts'
import { exists } from './layout.ts'
import { singleName } from './name.ts'
import { DESK, type Outbox, openOutbox } from './outbox.ts'

export interface Desk {
  enqueue(prefix: string, slug: string, body: string): Promise<string>
  /** See Lane. */
  enqueueIf(wanted: Promise<boolean>, prefix: string, slug: string, body: string): Promise<string | null>
  /** Writes and removes a file here. */
  probe(): Promise<void>
  close(): Promise<void>
}

interface Place extends Outbox {
  readonly letters: Durability
}

/** One folder per process, opened when first needed. */
export function createDesk(house: House): Desk {
  const { disk, layout } = house
  let opening: Promise<Place> | null = null

  const openPlace = async (): Promise<Place> => {
    const outbox = (await openOutbox(house, DESK + house.nextId())) as Outbox
    const journal = house.journal ? await openJournal(disk, outbox.folder) : null
    return { ...outbox, letters: journal ?? synced(disk, layout.processar) }
  }
  const leave = ({ heartbeat, letters }: Place): void => {
    heartbeat.stop()
    letters.close().catch(() => undefined)
  }
  const place = async (): Promise<Place> => {
    opening ??= openPlace()
    const mine = opening
    const known = await mine.catch(() => null)
    // Stopped past the lease: the folder may be gone, or about to go.
    if (known?.heartbeat.fresh() && known.letters.sound()) return known
    if (opening === mine) {
      if (known) leave(known)
      opening = openPlace()
    }
    return opening
  }
  /** Writes a letter on the desk. A desk that somebody removed is replaced once: looking for it each time costs more. */
  const write = async (name: string, body: string): Promise<Written & { path: string }> => {
    const at = await place()
    const on = async ({ folder, letters }: Place) => {
      const path = `${folder}/${name}`
      return { path, ...(await letters.write(path, name, body)) }
    }
    try {
      return await on(at)
    } catch (error) {
      if (await exists(at.folder)) throw error
      if ((await opening?.catch(() => null)) === at) {
        leave(at)
        opening = null
      }
      return on(await place())
    }
  }

  const publish = async (name: string, letter: Written & { path: string }): Promise<void> => {
    const target = `${layout.processar}/${name}`
    let visible = false
    try {
      visible = await disk.rename(letter.path, target)
      if (!visible) {
        throw new PonteError('queue.outbox_lost', 'this process was stopped for longer than its lease while it wrote a letter', {
          hint: 'nothing was accepted: send it again',
        })
      }
      await letter.published()
    } catch (error) {
      // Not acknowledged, so not to be delivered, unless somebody has it already (then it was whole, and is delivered once).
      await disk.unlink(visible ? target : letter.path).catch(() => undefined)
      letter.dropped()
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
    if (written.status === 'fulfilled') {
      await disk.unlink(written.value.path).catch(() => undefined)
      written.value.dropped()
    }
    if (answer.status === 'rejected') throw answer.reason
    // What is not wanted need not have been written.
    if (isWanted) throw (written as PromiseRejectedResult).reason
    return null
  }

  return {
    enqueue: async (prefix, slug, body) => (await put(Promise.resolve(true), prefix, slug, body))!,
    enqueueIf: put,
    async probe() {
      const { folder } = await place()
      const path = `${folder}/probe.${house.nextId()}`
      await disk.writeNew(path, 'probe')
      await disk.unlink(path)
    },
    async close() {
      const last = await opening?.catch(() => null)
      opening = null
      if (!last) return
      last.heartbeat.stop()
      if (!(await last.letters.close())) return
      await disk.unlink(`${last.folder}/${HEARTBEAT}`)
      await disk.rmdir(last.folder)
    },
  }
}
