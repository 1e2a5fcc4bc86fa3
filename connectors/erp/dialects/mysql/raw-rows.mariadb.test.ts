/** Rows past the driver: what a real server sends, and what becomes of the connection afterwards. */
import { once } from 'node:events'
import type mysql from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hangUp, socketOf } from '../../../mysql/socket.ts'
import { mariaDbMissing, type TestMariaDb, testMariaDb } from '../../../mysql/testing.ts'
import { readSource, rowsOf } from '../../read-source.ts'
import { RowPackets } from '../../relay/row-packets.ts'
import { openMysqlExtract } from './extract.ts'
import { rawRows } from './raw-rows.ts'
import { openConnection } from './settings.ts'

if (!mariaDbMissing('connectors/erp/mysql-raw-rows'))
  describe('rows that pass the driver by', () => {
    let database: TestMariaDb
    let connection: Awaited<ReturnType<typeof openConnection>>
    beforeAll(async () => {
      database = await testMariaDb({})
      connection = await openConnection({ url: database.url })
    })
    afterAll(async () => {
      connection.destroy()
      await database.drop()
    })

    const read = async (sql: string) => {
      const decoder = new RowPackets(2)
      const frames = []
      for await (const bytes of rawRows(connection, sql)) frames.push(...decoder.decode(bytes))
      const last = decoder.end()
      return [...frames, ...(last === undefined ? [] : [last])].flatMap((frame) => rowsOf(frame, ['N', 'TEXT']))
    }
    const usable = async () => expect((await connection.query('select 1 as one'))[0]).toEqual([{ one: 1 }])

    test('are those of the result, short and long, null, none at all, and the connection goes on', async () => {
      expect(await read("select seq, if(seq % 7 = 0, null, repeat('ç', seq)) from seq_1_to_3000")).toEqual(
        Array.from({ length: 3_000 }, (_, at) => ({ N: String(at + 1), TEXT: (at + 1) % 7 === 0 ? null : 'ç'.repeat(at + 1) })),
      )
      await usable()
      expect(await read('select 1, 2 from dual where 1 = 0')).toEqual([])
      expect(await read("select 1, repeat('x', 100000)")).toEqual([{ N: '1', TEXT: 'x'.repeat(100_000) }])
      await usable()
    })

    test('are the same rows from a driver that was not held against this way, which reads them itself', async () => {
      await database.pool.query(`
        create table leads (id bigint primary key, name varchar(300) character set utf8mb4, at datetime(6), value decimal(20, 6));
        insert into leads select seq, elt(seq % 6, null, '', 'São 🚚', char(0, 9, 13 using utf8mb4), repeat('ç', 253)), '2026-02-28' - interval seq day, seq / 7
          from seq_1_to_500;
        create view known_leads as select id as range_key, id, name, at, value from leads;`)
      const columns = ['ID', 'NAME', 'AT', 'VALUE']
      const through = async (version?: string) => {
        const extract = await openMysqlExtract({ url: database.url }, 2, version)
        const source = await extract.source('known_leads', columns)
        const rows = await readSource(source, columns)
        await extract.close()
        return { rows, layout: (source.settings as { layout: string }).layout }
      }
      const [known, other] = [await through(), await through('3.24.7')]
      expect([known.layout, other.layout]).toEqual(['row packets', 'copy'])
      expect(known.rows).toHaveLength(500)
      expect(other.rows).toEqual(known.rows)
    })

    test('that end in an error of the server end in that error, at once or in the middle', async () => {
      await expect(read('select a, b from nowhere')).rejects.toMatchObject({ errno: 1146 })
      const twice = 'select t.seq, (select s.seq from seq_1_to_2 s where s.seq + 49998 <= t.seq) from seq_1_to_60000 t'
      await expect(read(twice)).rejects.toMatchObject({ errno: 1242 })
      await usable()
    })

    test('whose connection goes away in the middle end in an error, whoever closed it', async () => {
      for (const close of [
        (lost: mysql.Connection) => database.pool.query(`kill ${lost.threadId}`),
        async (lost: mysql.Connection) => hangUp(lost),
      ]) {
        const lost = await openConnection({ url: database.url })
        const rows = rawRows(lost, "select seq, repeat('x', 1000) from seq_1_to_100000")[Symbol.asyncIterator]()
        await rows.next()
        await close(lost)
        const toTheEnd = async () => {
          while ((await rows.next()).done !== true);
        }
        await expect(toTheEnd()).rejects.toMatchObject({ code: 'PROTOCOL_CONNECTION_LOST' })
      }
    })

    test('of a connection that was lost before end in that error too', async () => {
      const lost = await openConnection({ url: database.url })
      const closed = once(socketOf(lost), 'close')
      await database.pool.query(`kill ${lost.threadId}`)
      await closed
      await expect(rawRows(lost, 'select 1')[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'PROTOCOL_CONNECTION_LOST' })
    })

    test('wait on the server while nobody takes them', async () => {
      const rows = rawRows(connection, "select seq, repeat('x', 1000) from seq_1_to_100000")[Symbol.asyncIterator]()
      await rows.next()
      await new Promise((resolve) => setTimeout(resolve, 300))
      const [states] = await database.pool.query('select state from information_schema.processlist where id = ?', [connection.threadId])
      expect(states).toEqual([{ state: 'Writing to net' }])
      let bytes = 0
      for (let next = await rows.next(); next.done !== true; next = await rows.next()) bytes += next.value.length
      expect(bytes).toBeGreaterThan(99_000_000)
      await usable()
    })
  })
