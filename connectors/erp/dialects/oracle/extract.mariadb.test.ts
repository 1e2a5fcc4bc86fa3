/** Reading one moment of an ERP on Oracle: through threads, across failures in the middle, and where reading as of an SCN is refused. */

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { forMariaDb } from '../../../../lab/simulators/oracle-schema/rewrite.ts'
import { mariadbBackend } from '../../../../lab/simulators/oracle-wire/mariadb/backend.ts'
import type { Flashback } from '../../../../lab/simulators/oracle-wire/mariadb/translate.ts'
import { startOracleSimulator } from '../../../../lab/simulators/oracle-wire/simulator.ts'
import { views } from '../../../../records/kinds.ts'
import { mariaDbMissing } from '../../../mysql/testing.ts'
import type { Extract } from '../../erp.ts'
import { readSource } from '../../read-source.ts'
import { openHarness } from '../../testing/contract/oracle-harness.ts'
import { addBranch, addLead, seedGeography } from '../../testing/postgres-fixtures.ts'
import { openOracleExtract } from './extract.ts'

const LEADS = 2_500

if (!mariaDbMissing('connectors/erp/oracle-extract'))
  describe('an extract of an ERP on the simulated Oracle', () => {
    let it: Awaited<ReturnType<typeof openHarness>>
    const extracts: Extract[] = []
    const open = async (readers: number, url = it.url, warn?: (text: string) => void) => {
      const extract = await openOracleExtract({ url }, readers, warn)
      extracts.push(extract)
      return extract
    }
    beforeAll(async () => {
      it = await openHarness()
      await seedGeography(it)
      for (const id of [1, 2, 3]) await addBranch(it, id, { taxid: `'${id}'`, id_crm: String(id), integrate_crm: "'S'" })
      await it.sql("begin ponte_session.mirror_only('on'); end")
      await it.sql(
        `insert into leads (id, name, stage) select 10000 + seq, 'Lead ' || seq, 'Desenvolvimento/Orçamento' from seq_1_to_${LEADS}`,
      )
    }, 120_000)
    afterAll(() => it.close())
    afterEach(async () => {
      it.simulator.setFaults([])
      for (const extract of extracts.splice(0)) await extract.close()
    })

    const ids = async (extract: Extract) =>
      (await readSource(await extract.source('known_leads', ['ID', 'NAME']), ['ID', 'NAME']))
        .map(({ ID }) => Number(ID))
        .sort((a, b) => a - b)
    const all = Array.from({ length: LEADS }, (_, at) => 10_001 + at)

    test.each([1555, 8103])('a range that meets ORA-0%i in the middle is read again: no row is lacking, none is doubled', async (ora) => {
      const extract = await open(2)
      it.simulator.setFaults([{ at: 'fetch', do: 'error', ora, match: 'known_leads', afterRows: 1_000, times: 2 }])
      expect(await ids(extract)).toEqual(all)
      expect(it.simulator.faults()).toMatchObject([{ struck: 2 }])
    })

    test('so is one whose connection is dropped in the middle, at the same moment as before', async () => {
      const extract = await open(2)
      await addLead(it, 77, { name: "'later'" })
      it.simulator.setFaults([{ at: 'fetch', do: 'drop', match: 'known_leads', afterRows: 1_000, times: 2 }])
      expect(await ids(extract)).toEqual(all)
      expect(it.simulator.faults()).toMatchObject([{ struck: 2 }])
      await it.sql('delete from leads where id = 77')
    })

    test('a moment that is gone for good ends the read by name, and gives nothing instead of a part', async () => {
      const extract = await open(1)
      it.simulator.setFaults([{ at: 'fetch', do: 'error', ora: 1555, match: 'known_leads', afterRows: 1_000, times: null }])
      await expect(ids(extract)).rejects.toMatchObject({ code: 'erp.snapshot_lost' })
    })

    test('a source does not outlive its extract', async () => {
      const extract = await openOracleExtract({ url: it.url }, 2)
      const source = await extract.source('known_leads', ['ID'])
      await extract.close()
      await expect
        .poll(() =>
          readSource(source, ['ID']).then(
            () => 'read',
            ({ code }) => code,
          ),
        )
        .toBe('erp.snapshot_lost')
    })

    test('a reader that is aborted ends soon, with the reason, and leaves no session behind', async () => {
      const extract = await open(1)
      const source = await extract.source('known_leads', ['ID'])
      const { read } = await import('./reader.ts')
      const before = it.simulator.connections()
      const stop = new AbortController()
      it.simulator.setFaults([{ at: 'fetch', do: 'stall', match: 'known_leads' }])
      const reading = read({ settings: source.settings, range: source.ranges[0] }, stop.signal)[Symbol.asyncIterator]().next()
      const ended = expect(reading).rejects.toThrow('stopped')
      await expect.poll(() => it.simulator.faults()[0]?.struck).toBe(1)
      stop.abort(new Error('stopped'))
      await ended
      await expect.poll(() => it.simulator.connections()).toBe(before)
    })

    test('every character arrives as it was', async () => {
      await addLead(it, 900, { name: "'Ação 🎉 \\ “x”'", financial_analysis: "'007'" })
      try {
        const extract = await open(1)
        const columns = ['ID', 'NAME', 'FINANCIAL_ANALYSIS']
        const rows = await readSource(await extract.source('known_leads', columns), columns)
        expect(rows.find(({ ID }) => ID === '900')).toEqual({ ID: '900', NAME: 'Ação 🎉 \\ “x”', FINANCIAL_ANALYSIS: '007' })
      } finally {
        await it.sql('delete from leads where id = 900')
      }
    })

    test("a view that gives numbers, dates and CLOBs gives them as text: all digits, the wall clock that was written, whatever this machine's zone", async () => {
      const [zone, view] = [process.env.TZ, 'insert_contacts'] as const
      const before = (await it.sql(`show create view ${view}`))[0]!['Create View']!
      // Hours that New York's clocks left out and had twice.
      await it.sql('create table odd (k decimal(10), n decimal(38), d datetime, s datetime, c clob)')
      await it.sql(`insert into odd values
        (1, 99999999999999999999999999999999999999, '2026-03-08 02:30:00', '2026-11-01 01:30:00', repeat('çã', 20000)),
        (2, -10, '1899-12-31 23:59:59', '2026-03-08 02:59:59', null)`)
      await it.sql(`create or replace view ${view} as select k as range_key, n as code, d as name, s as email, c as phone from odd`)
      process.env.TZ = 'America/New_York'
      try {
        expect(new Date(2026, 2, 8, 2, 30).getHours()).toBe(3)
        const columns = ['CODE', 'NAME', 'EMAIL', 'PHONE']
        const extract = await open(1)
        expect(await readSource(await extract.source(view, columns), columns)).toEqual([
          { CODE: '9'.repeat(38), NAME: '2026-03-08T02:30:00', EMAIL: '2026-11-01T01:30:00', PHONE: 'çã'.repeat(20_000) },
          { CODE: '-10', NAME: '1899-12-31T23:59:59', EMAIL: '2026-03-08T02:59:59', PHONE: null },
        ])
      } finally {
        await extracts.pop()?.close()
        if (zone === undefined) delete process.env.TZ
        else process.env.TZ = zone
        await it.sql(before.replace(/^CREATE/i, 'create or replace'))
        await it.sql('drop table odd')
      }
    })

    describe('where reading as of an SCN is refused', () => {
      const refused = async (flashback: Flashback = 'refused') => {
        const simulator = await startOracleSimulator({
          backend: mariadbBackend({ url: it.schema.url, ddl: (statement) => forMariaDb(statement).sql, flashback }),
          users: { ponte: 's3cret' },
        })
        const warnings: string[] = []
        const extract = await open(3, `oracle://ponte:s3cret@127.0.0.1:${simulator.port}/PONTE`, (text) => warnings.push(text))
        return { simulator, warnings, extract }
      }

      test('one connection reads for all, with a warning; it is one moment all the same', async () => {
        const { simulator, warnings, extract } = await refused()
        try {
          const source = await extract.source('desired_leads', ['ID', 'NAME'])
          await it.sql("update branches set description = 'LATER' where client = 1")
          expect(source.ranges.length).toBeGreaterThan(1)
          const rows = (await readSource(source, ['ID', 'NAME'])).map((row) => `${row.ID} ${row.NAME}`).sort()
          expect(rows).toEqual(['1 BRANCH 1', '2 BRANCH 2', '3 BRANCH 3'])
          expect(warnings).toEqual([expect.stringContaining('one connection')])
          expect(simulator.connections()).toBe(1)
        } finally {
          await extract.close()
          await simulator.close()
        }
      })

      test('so it is for a user who may read the views as of an SCN, but not the tables under them', async () => {
        const { simulator, warnings, extract } = await refused(new Set(Object.keys(views)))
        try {
          const source = await extract.source('desired_leads', ['ID'])
          expect(await readSource(source, ['ID'])).toHaveLength(3)
          expect(warnings).toEqual([expect.stringContaining('one connection')])
        } finally {
          await extract.close()
          await simulator.close()
        }
      })

      test('a reader that is aborted while the server computes ends that connection at once', async () => {
        const { simulator, extract } = await refused()
        try {
          const { settings, ranges } = await extract.source('known_leads', ['ID'])
          const { read } = await import('../../relay/relay-reader.ts')
          const stop = new AbortController()
          simulator.setFaults([{ at: 'fetch', do: 'stall', match: 'known_leads' }])
          const ended = expect(read({ settings, range: ranges[0] }, stop.signal)[Symbol.asyncIterator]().next()).rejects.toThrow('stopped')
          await expect.poll(() => simulator.faults()[0]?.struck).toBe(1)
          stop.abort(new Error('stopped'))
          await ended
          await expect.poll(() => simulator.connections()).toBe(0)
        } finally {
          await extract.close()
          await simulator.close()
        }
      })
    })
  })
