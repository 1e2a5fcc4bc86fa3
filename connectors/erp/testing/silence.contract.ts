/** What every dialect does when its server takes a command and never answers, or its line breaks around a commit. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Gate, openGate } from '../../testing/gate.ts'
import type { Erp } from '../erp.ts'

export interface SilenceHarness {
  /** Of the database itself. */
  readonly url: string
  connector(settings: { url: string; statementTimeoutMs: number }): Erp
  sql(statement: string): Promise<unknown>
  /** What becomes of the command: it fails, or the connector asks again on another connection. */
  readonly outcome: 'erp.unreachable' | 'answers'
  close(): Promise<void>
}

export function testSilence(dialect: string, open: () => Promise<SilenceHarness>): void {
  describe(`an ERP on ${dialect} whose server falls silent`, () => {
    let it: SilenceHarness
    let gate: Gate
    let erp: Erp
    beforeAll(async () => {
      it = await open()
      gate = await openGate(it.url)
      erp = it.connector({ url: gate.url, statementTimeoutMs: 1_000 })
    })
    afterAll(async () => {
      await gate.close()
      await erp.close()
      await it.close()
    })

    test.concurrent('is waited for no longer than a command may take and some seconds, and is back when it answers', async () => {
      await erp.ping()
      gate.hush()
      const started = performance.now()
      const outcome = erp.ping().then(
        () => 'answers',
        ({ code }: { code: string }) => code,
      )
      expect(await outcome).toBe(it.outcome)
      expect(performance.now() - started).toBeLessThan(15_000)
      await erp.ping()
    })

    test.concurrent('from the first byte is told as away', async () => {
      const mute = createServer((socket) => socket.on('error', () => {}).resume())
      await once(mute.listen(0, '127.0.0.1'), 'listening')
      const { port } = mute.address() as AddressInfo
      const never = it.connector({ url: Object.assign(new URL(it.url), { host: `127.0.0.1:${port}` }).href, statementTimeoutMs: 1_000 })
      const started = performance.now()
      try {
        await expect(never.ping()).rejects.toMatchObject({ code: 'erp.unreachable' })
        expect(performance.now() - started).toBeLessThan(30_000)
      } finally {
        await never.close()
        mute.close()
      }
    })
  })
}

/** Where the wire shows the word; of Oracle the simulator's faults are asked instead (dialects/oracle). */
export function testLostCommit(dialect: string, open: () => Promise<SilenceHarness>): void {
  describe(`an ERP on ${dialect}`, () => {
    let it: SilenceHarness
    beforeAll(async () => {
      it = await open()
    })
    afterAll(() => it.close())

    test.each(['before', 'after'] as const)('a line that breaks %s a commit is done leaves it known whether it was', async (when) => {
      const door = await openGate(it.url)
      const erp = it.connector({ url: door.url, statementTimeoutMs: 5_000 })
      const id = when === 'before' ? '501' : '502'
      try {
        await it.sql(`insert into leads (id, name) values (${id}, 'Old')`)
        await erp.ping()
        door.cut('commit', when)
        const applied = erp.applyLead({ inboxId: `event ${id}`, leadId: id, taxId: null }, () => ({ quiet: { NAME: 'New' }, loud: {} }))
        if (when === 'after') await expect(applied).resolves.toMatchObject({ kind: 'applied' })
        else await expect(applied).rejects.toMatchObject({ code: 'erp.unreachable' })
        const done = when === 'after' ? 1 : 0
        expect(await it.sql(`select name from leads where id = ${id}`)).toEqual([{ name: done === 1 ? 'New' : 'Old' }])
        expect(await it.sql(`select event_id from ponte_inbox where event_id = 'event ${id}'`)).toHaveLength(done)
      } finally {
        await erp.close()
        await door.close()
      }
    })
  })
}
