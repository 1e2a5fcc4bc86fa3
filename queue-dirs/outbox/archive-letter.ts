/**
 * A letter that nobody delivers: kept for the record, written straight into processados. It grows in an outbox of its own,
 * so that what a dead writer left is swept like a publisher's.
 */
import { PonteError } from '../../base/error.ts'
import { archive } from '../claim/closing.ts'
import type { House } from '../house.ts'
import type { ArchiveLetter } from '../lane.types.ts'
import { singleName } from '../letter/name.ts'
import { openOutbox } from './outbox.ts'
import { removeFolder } from './staging.ts'

const chunkSize = 64 * 1024

export async function openArchiveLetter(house: House, prefix: string, slug: string): Promise<ArchiveLetter> {
  const { disk, nameTime, nextId } = house
  const name = singleName(prefix, slug, nameTime(), nextId())
  // Its id is new, so there is no such folder.
  const { folder, heartbeat } = (await openOutbox(house, `archive.${nextId()}`))!
  const file = await disk.create(`${folder}/${name}`)
  let buffer = ''
  const flush = async () => {
    const text = buffer
    buffer = ''
    if (text !== '') await file.append(text)
  }
  const end = async () => {
    heartbeat.stop()
    await removeFolder(house, folder)
  }
  return {
    async write(line) {
      buffer += `${line}\n`
      if (buffer.length >= chunkSize) await flush()
    },
    async close() {
      await flush()
      await file.sync()
      await file.close()
      if (!heartbeat.fresh() || !(await archive(house, `${folder}/${name}`, name))) {
        throw new PonteError('queue.outbox_lost', 'this process was stopped for longer than its lease while it wrote a record', {
          hint: 'nothing was kept: run the job again',
        })
      }
      await end()
      return name
    },
    async discard() {
      await file.close().catch(() => undefined)
      await end()
    },
  }
}
