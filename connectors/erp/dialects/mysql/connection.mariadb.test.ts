/** What goes wrong on the way to MariaDB, and what an extract does about rights, aborts and its own end. */
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mariaDbMissing } from '../../../mysql/testing.ts'
import { readSource } from '../../read-source.ts'
import { openHarness } from '../../testing/contract/mysql-harness.ts'
import { addBranch, addLead, seedGeography } from '../../testing/postgres-fixtures.ts'
import { mysqlErp } from './erp.ts'
import type { MysqlSettings } from './settings.ts'

if (!mariaDbMissing('connectors/erp/mysql-connection'))
  describe('an ERP on MariaDB', () => {
    let it: Awaited<ReturnType<typeof openHarness>>
    beforeAll(async () => {
      it = await openHarness()
      await seedGeography(it)
      for (const id of [1, 2, 3]) await addBranch(it, id, { taxid: `'${id}'`, id_crm: String(id), integrate_crm: "'S'" })
    })
    afterAll(() => it.close())

    const url = (change: (url: URL) => void) => {
      const changed = new URL(it.database.url)
      change(changed)
      return changed.href
    }
    const failure = async (settings: MysqlSettings) => {
      const erp = mysqlErp(settings)
      try {
        await erp.ping()
        return expect.unreachable()
      } catch (error) {
        const { code, message, hint, cause } = error as { code: string; message: string; hint: string; cause: unknown }
        expect(`${message} ${hint} ${String(cause)}`).not.toContain('s3cret')
        return code
      } finally {
        await erp.close()
      }
    }

    test('is told apart: nobody listens, wrong password, no such database, no URL', async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as { port: number }
      await new Promise((resolve) => server.close(resolve))
      const missing = url((one) => Object.assign(one, { pathname: '/no_such_database' }))
      expect(await failure({ url: url((one) => Object.assign(one, { port: String(port), password: 's3cret' })) })).toBe('erp.unreachable')
      expect(await failure({ url: url((one) => Object.assign(one, { password: 's3cret' })) })).toBe('erp.login_refused')
      expect(await failure({ url: missing })).toBe('erp.database_missing')
      expect(() => mysqlErp({ url: 'mysql//ponte:s3cret@host' })).toThrow(expect.objectContaining({ code: 'erp.bad_url', exitCode: 2 }))
      expect(() => mysqlErp({ url: 'mysql//ponte:s3cret@host' })).not.toThrow(/s3cret/)
    })

    test('runs a transaction again that lost a deadlock, on what stands there then', async () => {
      await addLead(it, 2, { taxid: "'2'" })
      const holder = await it.database.pool.getConnection()
      await holder.query('start transaction')
      // The server ends the transaction that wrote less.
      await holder.query("update branches set phone = '1' where client = 2")
      await holder.query("update clients set trading_name = 'T'")
      await holder.query("update cities set city_code = '9'")
      let asked = 0
      const applied = it.erp.applyLead({ inboxId: 'e3', leadId: '2', taxId: null }, () => {
        asked += 1
        return { quiet: { NAME: 'decided' }, loud: {} }
      })
      await expect
        .poll(async () => (await it.sql("select count(*) as n from information_schema.innodb_trx where trx_state = 'LOCK WAIT'"))[0]!.n, {
          timeout: 20_000,
          // The server renews this list only when nobody looked for a moment.
          interval: 300,
        })
        .not.toBe('0')
      // It holds the lead and waits for the branch; we hold the branch and want the lead.
      await holder.query('select id from leads where id = 2 for update')
      await holder.query('commit')
      holder.release()
      expect(await applied).toMatchObject({ kind: 'applied', sides: { branch: { PHONE: '1' } } })
      expect(asked).toBe(1)
      expect(await it.sql('select name from leads where id = 2')).toEqual([{ name: 'decided' }])
    })

    test('keeps values of rows out of what it throws', async () => {
      const refused = it.erp.applyLead({ inboxId: 'e2', leadId: '3', taxId: null }, () => ({
        quiet: { NAME: `SEGREDO ${'x'.repeat(100)}`, TAX_REGISTRATION: 'SEGREDO' },
        loud: {},
      }))
      const error = await refused.catch((thrown) => thrown)
      expect(error).toMatchObject({ code: 'erp.value_refused' })
      expect(
        JSON.stringify(error, Object.getOwnPropertyNames(error)) + JSON.stringify(error.cause, Object.getOwnPropertyNames(error.cause)),
      ).not.toContain('SEGREDO')
    })

    test('survives its connections: the next command opens a new one', async () => {
      await it.erp.ping()
      for (const { id } of await it.sql('select id from information_schema.processlist where db = database() and id <> connection_id()'))
        await it.database.pool.query(`kill ${id}`).catch(() => {})
      await expect
        .poll(
          () =>
            it.erp.ping().then(
              () => 'answers',
              () => 'not yet',
            ),
          { timeout: 20_000 },
        )
        .toBe('answers')
    })

    test('is read by one connection, with a warning, when its user may not lock; it is one moment all the same', async () => {
      const name = new URL(it.database.url).pathname.slice(1)
      const reader = `r${name.slice(-20)}`
      await it.sql(`create user ${reader}@'127.0.0.1' identified by 'reader'`)
      await it.sql(`grant select, execute on ${name}.* to ${reader}@'127.0.0.1'`)
      const warnings: string[] = []
      const erp = mysqlErp({
        url: url((one) => Object.assign(one, { username: reader, password: 'reader' })),
        warn: (text) => warnings.push(text),
      })
      const extract = await erp.openExtract(3)
      try {
        const source = await extract.source('desired_leads', ['ID', 'NAME'])
        await it.sql("update branches set description = 'LATER' where client = 1")
        expect(source.ranges.length).toBeGreaterThan(1)
        const ids = (await readSource(source, ['ID', 'NAME'])).map((row) => `${row.ID} ${row.NAME}`).sort()
        expect(ids).toEqual(['1 BRANCH 1', '2 BRANCH 2', '3 BRANCH 3'])
        expect(warnings).toEqual([expect.stringContaining('one connection')])
      } finally {
        await extract.close()
        await erp.close()
        await it.sql(`drop user ${reader}@'127.0.0.1'`)
      }
    })

    test('a source outlives neither its extract nor a reader that was aborted', async () => {
      const extract = await it.erp.openExtract(2)
      const source = await extract.source('desired_leads', ['ID'])
      const { read } = await import('../../relay/relay-reader.ts')
      const stop = new AbortController()
      stop.abort(new Error('stopped'))
      await expect(
        read({ settings: source.settings, range: source.ranges[0] }, stop.signal)[Symbol.asyncIterator]().next(),
      ).rejects.toThrow('stopped')
      expect(await readSource(source, ['ID'])).toHaveLength(3)
      await extract.close()
      await expect(readSource(source, ['ID'])).rejects.toMatchObject({ code: 'erp.snapshot_lost' })
    })

    test('every character arrives as it was', async () => {
      await addLead(it, 900, { name: "'Ação 🎉 \\\\ “x” \\n\\t'", taxid: "'900'" })
      const extract = await it.erp.openExtract(1)
      try {
        const rows = await readSource(await extract.source('known_leads', ['ID', 'NAME']), ['ID', 'NAME'])
        expect(rows.find((row) => row.ID === '900')).toEqual({ ID: '900', NAME: 'Ação 🎉 \\ “x” \n\t' })
      } finally {
        await extract.close()
      }
    })
  })
