/** CoreIntegrator on a real MariaDB and over real HTTP (J.1 scenario 14). */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { change } from '../../connectors/coreintegrator/database.ts'
import { withLock } from '../../connectors/coreintegrator/lock.ts'
import { startPrivateServer } from '../../connectors/mysql/private-server.ts'
import { mariaDbMissing } from '../../connectors/mysql/testing.ts'
import { startCustomerCrm } from '../../lab/simulators/coreintegrator-crm/simulator.ts'
import { seededRandom } from '../../lab/simulators/crm/random.ts'
import { insertCustomer, insertMany, startService, type TestErp, unsynced, withStack, wronglyLogged } from '../testing/coreintegrator.ts'

if (!mariaDbMissing('cli/coreintegrator'))
  describe('CoreIntegrator', () => {
    test('scenario 14: the README walk, literally', () =>
      withStack({}, async ({ erp, crm, service }) => {
        expect(await service.get('/health')).toEqual({ status: 200, body: { status: 'UP' } })
        await change(erp.pool, insertOfReadme())
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
        expect(await unsynced(erp)).toBe(0)
        expect((await service.sync()).body).toMatchObject({ total: 0, success: 0, failed: 0 })
        expect(crm.calls()).toBe(3)
      }))

    test('scenario 14: with 20% failures, lost answers and parallel /sync from two processes, no customer is logged or sent twice', () =>
      withStack({ faults: { failureRate: 0.2, lostAnswers: 0.2 }, random: seededRandom(14, 'faults') }, async ({ erp, crm, service }) => {
        await insertMany(erp, 100)
        const other = await startService(erp.settings, crm.url)
        try {
          for (let round = 0; (await unsynced(erp)) > 0; round++) {
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
        expect(await wronglyLogged(erp)).toEqual([])
        expect(crm.effects).toHaveLength(102)
        expect(new Set(crm.effects.map(({ body }) => body.customerId)).size).toBe(102)
        expect(crm.calls()).toBeGreaterThan(102)
      }))

    test('who joins a running sync is answered when that one has ended, with rows inserted meanwhile', () =>
      withStack({ faults: { delayMs: 150 } }, async ({ erp, crm, service }) => {
        const first = service.sync()
        while (crm.calls() === 0) await sleep(5)
        await insertCustomer(erp, 3, 'Rohit', '9998887776')
        const joined = await Promise.all([service.sync(), service.sync(), service.sync()])
        expect((await first).body.total).toBeGreaterThanOrEqual(2)
        for (const { body } of joined) expect(body).toMatchObject({ total: 3, success: 3, failed: 0 })
        expect(crm.effects).toHaveLength(3)
      }))

    test('while another process holds the lock nothing is sent, and /sync says that it failed', () =>
      withStack({ env: { SYNC_LOCK_WAIT_MS: '0' } }, async ({ erp, crm, service }) => {
        await withLock(erp.pool, 0, async () => {
          expect(await service.sync()).toEqual({ status: 500, body: { error: 'Sync failed' } })
          expect(crm.calls()).toBe(0)
        })
        expect((await service.sync()).body).toMatchObject({ total: 2, success: 2 })
      }))

    test('the database itself refuses a second SUCCESS row for one delivery, and takes any number of FAILED ones', () =>
      withStack({}, async ({ erp, service }) => {
        await service.sync()
        const again = (status: string, key: string) =>
          change(
            erp.pool,
            `insert into sync_logs (payload, status, erp_id, delivery_key) select payload, '${status}', erp_id, ${key} from sync_logs where id = 1`,
          )
        await expect(again('SUCCESS', 'delivery_key')).rejects.toMatchObject({ code: 'ER_DUP_ENTRY' })
        expect([await again('FAILED', 'null'), await again('FAILED', 'null')]).toEqual([1, 1])
      }))

    test('a changed customer is sent again, also when it goes back to what it was', () =>
      withStack({}, async ({ erp, crm, service }) => {
        await service.sync()
        for (const phone of ['111', '9876543210', null]) {
          await change(erp.pool, 'update erp_customers set phone_no = ? where id = 1', [phone])
          expect((await service.sync()).body).toMatchObject({ total: 1, success: 1 })
        }
        expect(crm.effects.filter(({ body }) => body.customerId === 1).map(({ body }) => body.phone)).toEqual([
          '9876543210',
          '111',
          '9876543210',
          null,
        ])
        await change(erp.pool, 'update erp_customers set synced = false where id = 2')
        expect((await service.sync()).body).toMatchObject({ total: 1, success: 1 })
      }))

    test('a customer that changes while it is being sent is sent again afterwards', () =>
      withStack({ faults: { delayMs: 200 } }, async ({ erp, crm, service }) => {
        const running = service.sync()
        while (crm.calls() < 2) await sleep(5)
        await change(erp.pool, "update erp_customers set cust_name = 'Rahul S.' where id = 1")
        await running
        crm.setFaults({})
        expect(await unsynced(erp)).toBe(1)
        expect((await service.sync()).body).toMatchObject({ total: 1, success: 1 })
        expect(crm.effects.at(-1)!.body.name).toBe('Rahul S.')
        expect(await unsynced(erp)).toBe(0)
      }))

    test('a customer that the CRM refuses stops nobody, and is given up after MAX_CYCLES until it changes', () =>
      withStack({ faults: { refuse: [1] }, env: { MAX_CYCLES: '3' } }, async ({ erp, crm, service }) => {
        await insertCustomer(erp, null, null, null)
        expect((await service.sync()).body).toMatchObject({ total: 3, success: 1, failed: 2 })
        for (let i = 0; i < 4; i++) await service.sync()
        const ofFirst = (await service.logs()).filter(({ erp_id }) => erp_id === 1)
        expect(ofFirst.map(({ status }) => status)).toEqual(['DEAD', 'FAILED', 'FAILED'])
        expect(ofFirst[0]).toMatchObject({ attempts: 1, error: 'the CRM answered HTTP 422' })
        expect((await service.sync()).body).toMatchObject({ total: 0 })
        crm.setFaults({})
        await change(erp.pool, "update erp_customers set cust_name = 'Rahul S.' where id = 1")
        expect((await service.sync()).body).toMatchObject({ total: 1, success: 1 })
      }))

    test('three attempts, then one FAILED row; an outage gives nobody up and is told once', () =>
      withStack({ faults: { failureRate: 1 }, env: { MAX_CYCLES: '2' } }, async ({ crm, service }) => {
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
      withStack({}, async ({ erp, service }) => {
        await insertMany(erp, 130)
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
      withStack({ env: { SYNC_CRON: '* * * * * *' } }, async ({ erp, service }) => {
        for (let i = 0; (await unsynced(erp)) > 0; i++) {
          expect(i).toBeLessThan(200)
          await sleep(100)
        }
        expect(readFileSync(service.logFile, 'utf8')).toContain('"msg":"Auto-sync triggered"')
      }))

    test('no name and no phone reaches the log', () =>
      withStack({ faults: { failureRate: 0.5 }, random: seededRandom(2, 'faults') }, async ({ erp, service }) => {
        await insertCustomer(erp, 3, 'Rohit', '9998887776')
        await service.sync()
        await service.get('/nothing')
        const log = readFileSync(service.logFile, 'utf8')
        expect(log).toContain('"runId"')
        expect(log).not.toMatch(/Rohit|Rahul|Anita|9998887776|9876543210/)
        expect(log).not.toContain(erp.settings.password)
      }))

    test('tables of an older CoreIntegrator are taken over: what it has sent is not sent again, a null mark counts as not sent', () =>
      withStack({ prepare: oldTables }, async ({ erp, crm, service }) => {
        expect((await service.sync()).body).toMatchObject({ total: 1, success: 1 })
        expect((await service.logs()).map(({ erp_id, payload }) => [erp_id, payload])).toEqual([
          [2, '{"customerId":2,"name":"Antônia","phone":"2"}'],
          [null, '{"customerId":1}'],
        ])
        // The server's own collation may be another one than the connection's, as on MySQL 8.
        await erp.pool.query('alter table sync_outbox convert to character set utf8mb4 collate utf8mb4_unicode_ci')
        await change(erp.pool, "update erp_customers set phone_no = '3' where id = 1")
        expect((await service.sync()).body).toMatchObject({ total: 1, success: 1 })
        await (await startService(erp.settings, crm.url)).close()
        expect((await service.sync()).body).toMatchObject({ total: 0 })
      }))

    test('an emoji is logged and an id beyond 2^53 is told from its neighbour, also in tables that had no room for them', () =>
      withStack({ prepare: narrowTables }, async ({ erp, crm, service }) => {
        expect((await service.sync()).body).toMatchObject({ total: 3, success: 3, failed: 0 })
        expect((await service.logs()).map(({ erp_id, payload }) => [String(erp_id), payload]).sort()).toEqual([
          ['2147483648', '{"customerId":5,"name":"Café 🚚","phone":null}'],
          ['9007199254740992', '{"customerId":6,"name":"Par","phone":null}'],
          ['9007199254740993', '{"customerId":7,"name":"Ímpar","phone":null}'],
        ])
        expect((await service.sync()).body).toMatchObject({ total: 0 })
        expect([crm.effects.length, crm.calls(), await unsynced(erp)]).toEqual([3, 3, 0])
      }))

    test('a wrong password is told at once, a server that is not there after the wait', () =>
      withStack({}, async ({ erp, crm }) => {
        await expect(startService(erp.settings, crm.url, { DB_PASSWORD: 'wrong' })).rejects.toMatchObject({
          code: 'coreintegrator.login_refused',
        })
        await expect(startService(erp.settings, crm.url, { DB_PORT: '9', DB_WAIT_SECONDS: '0' })).rejects.toMatchObject({
          code: 'coreintegrator.database_away',
        })
      }))

    test('with the database away /health says DOWN and /sync fails; both work again when it is back', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'ponte-mariadb-away-'))
      const server = await startPrivateServer(folder)
      const crm = await startCustomerCrm()
      const service = await startService(server.settings, crm.url)
      await server.close()
      expect(await service.get('/health')).toEqual({ status: 500, body: { status: 'DOWN' } })
      expect(await service.sync()).toEqual({ status: 500, body: { error: 'Sync failed' } })
      expect((await service.get('/logs')).status).toBe(500)
      expect(crm.calls()).toBe(0)
      const back = await startPrivateServer(folder, { again: server.settings })
      expect(await service.get('/health')).toEqual({ status: 200, body: { status: 'UP' } })
      expect((await service.sync()).body).toMatchObject({ total: 2, success: 2 })
      await service.close()
      await crm.close()
      await back.close()
      rmSync(folder, { recursive: true })
    })

    test('the pool gives every connection back', () =>
      withStack({ faults: { failureRate: 0.3 } }, async ({ erp, service }) => {
        await insertMany(erp, 30)
        for (let i = 0; i < 15; i++) await Promise.all([service.sync(), service.get('/health'), service.logs()])
        expect(await service.get('/health')).toMatchObject({ status: 200 })
      }))
  })

/** The statement that the README tells a person to run. */
function insertOfReadme(): string {
  const readme = readFileSync(new URL('../../deploy/coreintegrator/README.md', import.meta.url), 'utf8')
  return /"(INSERT INTO erp_customers [^"]+)"/.exec(readme)![1]!
}

/** As the original makes them, with another character set than ours. */
async function oldTables({ pool }: TestErp): Promise<void> {
  for (const statement of [
    `create table erp_customers (id int auto_increment primary key, cust_id int, cust_name varchar(100), phone_no varchar(20),
      synced boolean default false) default charset = latin1`,
    `create table sync_logs (id int auto_increment primary key, payload text, status varchar(20),
      created_at timestamp default current_timestamp) default charset = utf8mb4 collate utf8mb4_unicode_ci`,
    "insert into erp_customers (cust_id, cust_name, phone_no, synced) values (1, 'Rahul', '1', true), (2, 'Antônia', '2', null)",
    `insert into sync_logs (payload, status) values ('{"customerId":1}', 'SUCCESS')`,
  ])
    await pool.query(statement)
}

/** As older versions made them, on a server whose own character set is latin1; the ERP's ids have outgrown an int. */
async function narrowTables({ pool }: TestErp): Promise<void> {
  for (const statement of [
    `create table erp_customers (id bigint unsigned auto_increment primary key, cust_id int, cust_name varchar(100), phone_no varchar(20),
      synced boolean default false) default charset = utf8mb4`,
    'create table sync_logs (id int auto_increment primary key, payload text, status varchar(20), erp_id int) default charset = latin1',
    `create table sync_outbox (erp_id int not null primary key, revision int not null, content_hash char(32) not null, state varchar(10) not null,
      cycles int not null default 0, last_error varchar(500) null) default charset = utf8mb4`,
    'alter table sync_logs add created_at timestamp default current_timestamp',
    `insert into erp_customers (id, cust_id, cust_name) values (2147483648, 5, 'Café 🚚'), (9007199254740992, 6, 'Par'),
      (9007199254740993, 7, 'Ímpar')`,
  ])
    await pool.query(statement)
}
