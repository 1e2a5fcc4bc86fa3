import { type FileHandle, open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startCrmSimulator } from '../simulator.ts'
import { asker, token, withFolder, withSimulator } from '../testing.ts'
import { withWebhooks } from '../webhooks/testing.ts'

/** Puts something in front of every fsync of this process. */
async function onFsync(act: () => Promise<void>): Promise<void> {
  const handle = await open('/dev/null', 'r')
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  const datasync = prototype.datasync
  vi.spyOn(prototype, 'datasync').mockImplementation(async function (this: FileHandle) {
    await act()
    await datasync.call(this)
  })
}
afterEach(() => vi.restoreAllMocks())

const add = (name: string) => ({ lead: { name } })

describe('the disk', () => {
  it('is waited for before any answer leaves, reads of what is being saved included', () =>
    withSimulator({}, async ({ ask, crm }) => {
      let synced = false
      await onFsync(async () => {
        await sleep(300)
        synced = true
      })
      const seen = (path: Promise<unknown>) => path.then(() => synced)
      const write = seen(ask('POST', 'LeadsAdd', add('x')))
      await expect.poll(() => crm.state.counts.leads, { interval: 5 }).toBe(1)
      expect(await Promise.all([write, seen(ask('GET', 'Leads'))])).toEqual([true, true])
    }))

  it('is waited for before a webhook leaves; of what could not be saved nobody is told', () =>
    withWebhooks({}, async ({ control, crm, receiver }) => {
      let synced = false
      let told = 0
      receiver.answer((_request, response) => {
        told += synced ? 1 : 0
        response.end()
      })
      await onFsync(async () => {
        await sleep(300)
        synced = true
      })
      await control('POST', 'leads', { lead: 'saved', stage: 'Ativação' })
      await crm.flushWebhooks()
      expect([receiver.received.length, told]).toEqual([1, 1])
      vi.restoreAllMocks()
      await onFsync(() => Promise.reject(new Error('EIO: i/o error, fsync')))
      expect((await control('POST', 'leads', { lead: 'in doubt', stage: 'Ativação' })).status).toBe(500)
      await sleep(100)
      expect([receiver.received.length, crm.webhooks().events]).toEqual([1, 1])
    }))

  it('that is slow lets no webhook outlive a reset', () =>
    withWebhooks({}, async ({ control, crm, receiver }) => {
      await onFsync(() => sleep(200))
      const written = control('POST', 'leads', { lead: 'forgotten', stage: 'Ativação' })
      await expect.poll(() => crm.state.counts.leads, { interval: 5 }).toBe(1)
      await crm.reset()
      await written
      await crm.flushWebhooks()
      expect([receiver.received.length, crm.webhooks().events]).toEqual([0, 0])
    }))

  it('is asked once for many writes that arrive together', () =>
    withSimulator({}, async ({ ask, crm }) => {
      let syncs = 0
      await onFsync(async () => {
        syncs += 1
        await sleep(50)
      })
      await Promise.all(Array.from({ length: 60 }, (_, index) => ask('POST', 'LeadsAdd', add(`n${index}`))))
      expect(crm.state.counts.leads).toBe(60)
      expect(syncs).toBeLessThan(30)
    }))

  it('that fails once is not trusted again: no write is answered with success until a restart', () =>
    withFolder(async (dataDir) => {
      const first = await startCrmSimulator({ dataDir, token, quota: null })
      const ask = asker(first.url)
      expect((await ask('POST', 'LeadsAdd', add('saved'))).status).toBe(201)
      await onFsync(() => Promise.reject(Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' })))
      expect((await ask('POST', 'LeadsAdd', add('in doubt'))).status).toBe(500)
      vi.restoreAllMocks()
      expect((await ask('POST', 'LeadsAdd', add('later'))).status).toBe(500)
      expect((await ask('GET', 'Leads')).status).toBe(500)
      await first.close()
      const second = await startCrmSimulator({ dataDir, token, quota: null })
      const names = second.state.leads().map(({ lead }) => lead)
      expect(names[0]).toBe('saved')
      expect(names).not.toContain('later')
      expect((await asker(second.url)('POST', 'LeadsAdd', add('again'))).status).toBe(201)
      await second.close()
    }))
})
