/** A server that its administrators told to hang up on who is idle or slow: an extract is both, for as long as the engine takes. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReadRange } from '../../../../engine/frame.ts'
import { type PrivateServer, removePrivateServer, startPrivateServer } from '../../../mysql/private-server.ts'
import { mariaDbMissing } from '../../../mysql/testing.ts'
import { readSource } from '../../read-source.ts'
import { mysqlErp } from './erp.ts'

/** Much more than the buffers of the sockets between the server and a reader hold. */
const ROWS = 60_000
const PATIENCE = [
  'wait-timeout',
  'net-write-timeout',
  'max-statement-time',
  'idle-transaction-timeout',
  'idle-readonly-transaction-timeout',
]

if (!mariaDbMissing('connectors/erp/mysql-server-limits'))
  describe('a server that gives everybody one second', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ponte-limits-'))
    let server: PrivateServer

    beforeAll(async () => {
      server = await startPrivateServer(folder, { rights: ['reload'], flags: PATIENCE.map((name) => `--${name}=1`) })
      const connection = await mysql.createConnection(server.url)
      await connection.query('set max_statement_time = 0')
      await connection.query('create table leads (id bigint primary key, name varchar(2000))')
      await connection.query(`insert into leads select seq, repeat('x', 1000) from seq_1_to_${ROWS}`)
      await connection.query('create view known_leads as select id as range_key, id, name from leads')
      await connection.end()
    })
    afterAll(async () => {
      await server?.close()
      await removePrivateServer(folder)
    })

    test.each([1, 2])('is read whole by %d readers that began late and stood still in the middle', async (readers) => {
      const erp = mysqlErp({ url: server.url })
      const extract = await erp.openExtract(readers)
      try {
        await sleep(2_500)
        const { settings, ranges } = await extract.source('known_leads', ['ID', 'NAME'])
        const { read } = (await import('../../relay/relay-reader.ts')) as { read: ReadRange }
        const counts = await Promise.all(
          ranges.map(async (range) => {
            let rows = 0
            for await (const frame of read({ settings, range }, new AbortController().signal)) {
              if (rows === 0) await sleep(2_500)
              rows += frame.rows
            }
            return rows
          }),
        )
        expect(counts.reduce((sum, rows) => sum + rows)).toBe(ROWS)
      } finally {
        await extract.close()
        await erp.close()
      }
    })

    test('counts no reader among the clients that it lost', async () => {
      const connection = await mysql.createConnection(server.url)
      const lost = async () => (await connection.query("show global status like 'Aborted_clients'"))[0]
      await connection.query('set wait_timeout = 60')
      const before = await lost()
      const erp = mysqlErp({ url: server.url })
      for (let round = 0; round < 3; round += 1) {
        const extract = await erp.openExtract(2)
        expect(await readSource(await extract.source('known_leads', ['ID']), ['ID'])).toHaveLength(ROWS)
        await extract.close()
      }
      await erp.close()
      expect(await lost()).toEqual(before)
      await connection.end()
    })
  })
