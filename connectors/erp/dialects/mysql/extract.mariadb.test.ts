/** Reads that do not come to their end: none is taken for a whole one, and none leaves anything on the server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReadRange } from '../../../../engine/frame.ts'
import { mariaDbMissing, type TestMariaDb, testMariaDb } from '../../../mysql/testing.ts'
import { mysqlErp } from './erp.ts'

const ROWS = 60_000

if (!mariaDbMissing('connectors/erp/mysql-extract'))
  describe('a read from MySQL that is broken off', () => {
    let database: TestMariaDb
    let read: ReadRange
    beforeAll(async () => {
      database = await testMariaDb({})
      await database.pool.query(`
        create table leads (id bigint primary key, name varchar(2000));
        insert into leads select seq, repeat('x', 1000) from seq_1_to_${ROWS};
        create view known_leads as select id as range_key, id, name from leads;
        create view desired_leads as select id as range_key, id, sleep(30) as name from leads;
        create table branches (client bigint primary key);`)
      ;({ read } = (await import('../../relay/relay-reader.ts')) as { read: ReadRange })
    })
    afterAll(() => database.drop())

    /** Sessions in the database other than those of the pool. */
    const sessions = async () => {
      const [rows] = await database.pool.query(
        "select id, info from information_schema.processlist where db = database() and command <> 'Sleep' and info not like '%processlist%'",
      )
      return rows as { id: string; info: string }[]
    }
    const reading = async (view: 'known_leads' | 'desired_leads') => {
      const erp = mysqlErp({ url: database.url })
      const extract = await erp.openExtract(1)
      const { settings, ranges } = await extract.source(view, ['ID', 'NAME'])
      const stop = new AbortController()
      const frames = read({ settings, range: ranges[0] }, stop.signal)[Symbol.asyncIterator]()
      const toTheEnd = async () => {
        while ((await frames.next()).done !== true);
      }
      const close = () => extract.close().then(() => erp.close())
      return { stop, frames, toTheEnd, close }
    }

    test('by its reader ends at once on a server that computes, before the extract is closed', async () => {
      const { stop, toTheEnd, close } = await reading('desired_leads')
      const ended = expect(toTheEnd()).rejects.toThrow('enough')
      await expect.poll(sessions).toMatchObject([{ info: expect.stringContaining('from desired_leads') }])
      stop.abort(new Error('enough'))
      await ended
      await expect.poll(sessions, { timeout: 5_000 }).toEqual([])
      await close()
    })

    test('by its reader ends at once on a server that sends', async () => {
      const { stop, frames, close } = await reading('known_leads')
      await frames.next()
      expect(await sessions()).toHaveLength(1)
      stop.abort(new Error('enough'))
      await expect(frames.next()).rejects.toThrow('enough')
      await expect.poll(sessions, { timeout: 5_000 }).toEqual([])
      await close()
    })

    test('by the end of its extract is a moment lost, and is over when the extract says that it is closed', async () => {
      const { toTheEnd, close } = await reading('desired_leads')
      const ended = expect(toTheEnd()).rejects.toMatchObject({ code: expect.stringMatching(/^erp\.(snapshot_lost|short_read)$/) })
      await expect.poll(sessions).toHaveLength(1)
      await close()
      await ended
      await expect.poll(sessions, { timeout: 1_000 }).toEqual([])
    })

    test('by its server is an error that can be tried again, not a short range', async () => {
      const { frames, toTheEnd, close } = await reading('known_leads')
      await frames.next()
      for (const { id } of await sessions()) await database.pool.query(`kill ${id}`)
      await expect(toTheEnd()).rejects.toMatchObject({ code: 'erp.unreachable' })
      await close()
    })
  })
