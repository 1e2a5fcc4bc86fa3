/** CoreIntegrator on a real MariaDB and over real HTTP (mission H.5, J.1 scenario 14). */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { change } from '../connectors/coreintegrator/database.ts'
import { startPrivateMariadb } from '../connectors/coreintegrator/private-mariadb.ts'
import { startCustomerCrm } from '../simulators/coreintegrator-crm/simulator.ts'
import { seededRandom } from '../simulators/crm/random.ts'
import {
  hasMariadb,
  insertCustomer,
  insertMany,
  openTestMariadb,
  startService,
  type TestMariadb,
  unsynced,
  withStack,
  wronglyLogged,
} from './testing/coreintegrator.ts'

if (hasMariadb('cli/coreintegrator'))
  describe('CoreIntegrator', () => {
    let mariadb: TestMariadb
    beforeAll(async () => {
      mariadb = await openTestMariadb()
    })
    afterAll(() => mariadb.remove())

    test('scenario 14: the README walk, literally', () =>
      withStack(mariadb, {}, async ({ crm, service }) => {
        expect(await service.get('/health')).toEqual({ status: 200, body: { status: 'UP' } })
        await change(mariadb.pool, "INSERT INTO erp_customers (cust_id, cust_name, phone_no) VALUES (3, 'Rohit', '9998887776')")
        expect(await service.sync()).toEqual({
          status: 200,
          body: { message: 'Manual sync completed', total: 3, success: 3, failed: 0 },
        })
        const logs = await service.logs()
        expect(logs).toHaveLength(3)
        const rohit = logs.find(({ erp_id }) => erp_id === 3)!
        expect(rohit).toMatchObject({ id: expect.any(Number), status: 'SUCCESS', attempts: 1, error: null })
        expect(rohit.payload).toBe('{"customerId":3,"name":"Rohit","phone":"9998887776"}')
        expect(Math.abs(Date.parse(rohit.created_at) - Date.now())).toBeLessThan(60_000)
        expect(crm.effects.map(({ body }) => body.name).sort()).toEqual(['Anita', 'Rahul', 'Rohit'])
        expect(await unsynced(mariadb)).toBe(0)
        expect((await service.sync()).body).toMatchObject({ total: 0, success: 0, failed: 0 })
        expect(crm.calls()).toBe(3)
      }))

    test('scenario 14: with 20% failures, lost answers and parallel /sync from two processes, no customer is logged or sent twice', () =>
      withStack(
        mariadb,
        { faults: { failureRate: 0.2, lostAnswers: 0.2 }, random: seededRandom(14, 'faults') },
        async ({ crm, service }) => {
          await insertMany(mariadb, 100)
          const other = await startService(mariadb, crm.url)
          try {
            for (let round = 0; (await unsynced(mariadb)) > 0; round++) {
              expect(round).toBeLessThan(20)
              const answers = await Promise.all([service, other, service, other, service, service].map((one) => one.sync()))
              for (const { status, body } of answers) {
                expect(status).toBe(200)
                expect(body.total).toBe(body.success! + body.failed!)
              }
            }
          } finally {
            await other.close()
          }
          expect(await wronglyLogged(mariadb)).toEqual([])
          expect(crm.effects).toHaveLength(102)
          expect(new Set(crm.effects.map(({ body }) => body.customerId)).size).toBe(102)
          expect(crm.calls()).toBeGreaterThan(102)
        },
      ))

    test('who joins a running sync is answered when that one has ended, with rows inserted meanwhile', () =>
      withStack(mariadb, { faults: { delayMs: 150 } }, async ({ crm, service }) => {
        const first = service.sync()
        while (crm.calls() === 0) await sleep(5)
        await insertCustomer(mariadb, 3, 'Rohit', '9998887776')
        const joined = await Promise.all([service.sync(), service.sync(), service.sync()])
        expect((await first).body.total).toBeGreaterThanOrEqual(2)
        for (const { body } of joined) expect(body).toMatchObject({ total: 3, success: 3, failed: 0 })
        expect(crm.effects).toHaveLength(3)
      }))

    test('a changed customer is sent again, also when it goes back to what it was', () =>
      withStack(mariadb, {}, async ({ crm, service }) => {
        await service.sync()
        for (const phone of ['111', '9876543210', null]) {
          await change(mariadb.pool, 'update erp_customers set phone_no = ? where id = 1', [phone])
          expect((await service.sync()).body).toMatchObject({ total: 1, success: 1 })
        }
        expect(crm.effects.filter(({ body }) => body.customerId === 1).map(({ body }) => body.phone)).toEqual([
          '9876543210',
          '111',
          '9876543210',
          null,
        ])
        await change(mariadb.pool, 'update erp_customers set synced = false where id = 2')
        expect((await service.sync()).body).toMatchObject({ total: 1, success: 1 })
      }))

    test('a customer that changes while it is being sent is sent again afterwards', () =>
      withStack(mariadb, { faults: { delayMs: 200 } }, async ({ crm, service }) => {
        const running = service.sync()
        while (crm.calls() < 2) await sleep(5)
        await change(mariadb.pool, "update erp_customers set cust_name = 'Rahul S.' where id = 1")
        await running
        crm.setFaults({})
        expect(await unsynced(mariadb)).toBe(1)
        expect((await service.sync()).body).toMatchObject({ total: 1, success: 1 })
        expect(crm.effects.at(-1)!.body.name).toBe('Rahul S.')
        expect(await unsynced(mariadb)).toBe(0)
      }))

    test('a customer that the CRM refuses stops nobody, and is given up after MAX_CYCLES until it changes', () =>
      withStack(mariadb, { faults: { refuse: [1] }, env: { MAX_CYCLES: '3' } }, async ({ crm, service }) => {
        await insertCustomer(mariadb, null, null, null)
        expect((await service.sync()).body).toMatchObject({ total: 3, success: 1, failed: 2 })
        for (let i = 0; i < 4; i++) await service.sync()
        const ofFirst = (await service.logs()).filter(({ erp_id }) => erp_id === 1)
        expect(ofFirst.map(({ status }) => status)).toEqual(['DEAD', 'FAILED', 'FAILED'])
        expect(ofFirst[0]).toMatchObject({ attempts: 1, error: 'the CRM answered HTTP 422' })
        expect((await service.sync()).body).toMatchObject({ total: 0 })
        crm.setFaults({})
        await change(mariadb.pool, "update erp_customers set cust_name = 'Rahul S.' where id = 1")
        expect((await service.sync()).body).toMatchObject({ total: 1, success: 1 })
      }))

    test('three attempts, then one FAILED row; an outage gives nobody up and is told once', () =>
      withStack(mariadb, { faults: { failureRate: 1 }, env: { MAX_CYCLES: '2' } }, async ({ crm, service }) => {
        expect((await service.sync()).body).toMatchObject({ total: 2, success: 0, failed: 2 })
        expect(crm.calls()).toBe(6)
        expect((await service.logs()).map(({ status, attempts }) => [status, attempts])).toEqual([
          ['FAILED', 3],
          ['FAILED', 3],
        ])
        crm.setFaults({ down: true })
        for (let i = 0; i < 4; i++) expect((await service.sync()).body).toMatchObject({ total: 2, failed: 2 })
        expect(await service.logs()).toHaveLength(4)
        crm.setFaults({})
        expect((await service.sync()).body).toMatchObject({ total: 2, success: 2 })
      }))

    test('/logs pages, filters, and refuses what is no number or status', () =>
      withStack(mariadb, {}, async ({ service }) => {
        await insertMany(mariadb, 130)
        await service.sync()
        const all = await service.logs('?limit=1000')
        expect(all).toHaveLength(132)
        expect(all.map(({ created_at, id }) => `${created_at} ${String(id).padStart(9, '0')}`)).toEqual(
          all
            .map(({ created_at, id }) => `${created_at} ${String(id).padStart(9, '0')}`)
            .sort()
            .reverse(),
        )
        expect(await service.logs()).toEqual(all.slice(0, 100))
        expect(await service.logs('?limit=5&offset=3')).toEqual(all.slice(3, 8))
        expect(await service.logs('?status=FAILED')).toEqual([])
        expect(await service.logs('?status=SUCCESS&limit=1')).toEqual(all.slice(0, 1))
        for (const wrong of ['limit=-1', 'limit=1e3', 'limit=1001', 'offset=x', 'status=OK', "status=SUCCESS'--"])
          expect(await service.get(`/logs?${wrong}`)).toMatchObject({ status: 400, body: { code: 'INVALID_PAYLOAD' } })
      }))

    test('the cron syncs by itself and says so', () =>
      withStack(mariadb, { env: { SYNC_CRON: '* * * * * *' } }, async ({ service }) => {
        for (let i = 0; (await unsynced(mariadb)) > 0; i++) {
          expect(i).toBeLessThan(200)
          await sleep(100)
        }
        expect(readFileSync(service.logFile, 'utf8')).toContain('"msg":"Auto-sync triggered"')
      }))

    test('no name and no phone reaches the log', () =>
      withStack(mariadb, { faults: { failureRate: 0.5 }, random: seededRandom(2, 'faults') }, async ({ service }) => {
        await insertCustomer(mariadb, 3, 'Rohit', '9998887776')
        await service.sync()
        await service.get('/nothing')
        const log = readFileSync(service.logFile, 'utf8')
        expect(log).toContain('"runId"')
        expect(log).not.toMatch(/Rohit|Rahul|Anita|9998887776|9876543210/)
        expect(log).not.toContain(mariadb.settings.password)
      }))

    test('tables of an older CoreIntegrator are taken over: what it has sent is not sent again, a null mark counts as not sent', async () => {
      await mariadb.empty()
      for (const statement of [
        'create table erp_customers (id int auto_increment primary key, cust_id int, cust_name varchar(100), phone_no varchar(20), synced boolean default false)',
        'create table sync_logs (id int auto_increment primary key, payload text, status varchar(20), created_at timestamp default current_timestamp)',
        "insert into erp_customers (cust_id, cust_name, phone_no, synced) values (1, 'Rahul', '1', true), (2, 'Anita', '2', null)",
        `insert into sync_logs (payload, status) values ('{"customerId":1}', 'SUCCESS')`,
      ])
        await mariadb.pool.query(statement)
      const crm = await startCustomerCrm()
      const service = await startService(mariadb, crm.url)
      expect((await service.sync()).body).toMatchObject({ total: 1, success: 1 })
      expect((await service.logs()).map(({ erp_id, payload }) => [erp_id, payload])).toEqual([
        [2, '{"customerId":2,"name":"Anita","phone":"2"}'],
        [null, '{"customerId":1}'],
      ])
      await change(mariadb.pool, "update erp_customers set phone_no = '3' where id = 1")
      expect((await service.sync()).body).toMatchObject({ total: 1, success: 1 })
      await service.close()
      await (await startService(mariadb, crm.url)).close()
      await crm.close()
    })

    test('a wrong password is told at once, a server that is not there after the wait', async () => {
      await expect(startService(mariadb, 'http://127.0.0.1:9/customers', { DB_PASSWORD: 'wrong' })).rejects.toMatchObject({
        code: 'coreintegrator.login_refused',
      })
      await expect(startService(mariadb, 'http://127.0.0.1:9/customers', { DB_PORT: '9', DB_WAIT_SECONDS: '0' })).rejects.toMatchObject({
        code: 'coreintegrator.database_away',
      })
    })

    test('with the database away /health says DOWN and /sync fails; both work again when it is back', async () => {
      const own = await openTestMariadb()
      const crm = await startCustomerCrm()
      const service = await startService(own, crm.url)
      await own.close()
      expect(await service.get('/health')).toEqual({ status: 500, body: { status: 'DOWN' } })
      expect(await service.sync()).toEqual({ status: 500, body: { error: 'Sync failed' } })
      expect((await service.get('/logs')).status).toBe(500)
      expect(crm.calls()).toBe(0)
      const back = await startPrivateMariadb(own.folder, own.settings)
      expect(await service.get('/health')).toEqual({ status: 200, body: { status: 'UP' } })
      expect((await service.sync()).body).toMatchObject({ total: 2, success: 2 })
      await service.close()
      await crm.close()
      await back.close()
      await own.remove()
    })

    test('the pool gives every connection back', () =>
      withStack(mariadb, { faults: { failureRate: 0.3 } }, async ({ service }) => {
        await insertMany(mariadb, 30)
        for (let i = 0; i < 15; i++) await Promise.all([service.sync(), service.get('/health'), service.logs()])
        expect(await service.get('/health')).toMatchObject({ status: 200 })
      }))
  })
