/** A database that takes commands and answers none; and a lock that is silent by design. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mariaDbMissing, type TestMariaDb, testMariaDb } from '../mysql/testing.ts'
import { type Gate, openGate } from '../testing/gate.ts'
import { type Database, openDatabase, ping } from './database.ts'
import { withLock } from './lock.ts'

if (!mariaDbMissing('connectors/coreintegrator/silence'))
  describe("CoreIntegrator's database", () => {
    let it: TestMariaDb
    let gate: Gate
    let database: Database
    beforeAll(async () => {
      it = await testMariaDb()
      gate = await openGate(it.url)
      const { hostname, port, username, password, pathname } = new URL(gate.url)
      database = openDatabase({ host: hostname, port: Number(port), user: username, password, name: pathname.slice(1) }, 500)
    })
    afterAll(async () => {
      await gate.close()
      await database.end()
      await it.drop()
    })

    test('that falls silent fails a command some seconds after its time, and works on when it answers', async () => {
      await ping(database)
      gate.hush()
      const started = performance.now()
      await expect(ping(database)).rejects.toMatchObject({ code: 'ETIMEDOUT' })
      expect(performance.now() - started).toBeLessThan(10_000)
      await ping(database)
    })

    test('keeps the lock for a sync that lasts longer than a command may', async () => {
      await withLock(database, 0, async () => {
        await sleep(6_500)
        await expect(withLock(database, 0, async () => {})).rejects.toMatchObject({ code: 'coreintegrator.busy' })
      })
      await withLock(database, 0, async () => {})
    })
  })
