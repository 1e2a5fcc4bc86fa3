/** The real command on an ERP on MariaDB and on the simulated Oracle: installed, examined, and a new branch brought to the CRM by reader threads. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EmptyDatabase, emptyDatabases } from '../../connectors/erp/testing/empty-databases.ts'
import { testDatabase } from '../../connectors/erp/testing/test-erp.ts'
import { mariaDbMissing } from '../../connectors/mysql/testing.ts'
import { type CrmSimulator, startCrmSimulator } from '../../lab/simulators/crm/simulator.ts'
import { compilePonte, type Environment, type Ponte } from '../testing/ponte.ts'

const stateSchema = new URL('../../sql/state/', import.meta.url)

if (!mariaDbMissing('cli/dialects')) {
  describe.each(Object.entries(emptyDatabases))('ponte on %s', (dialect, open) => {
    const folder = mkdtempSync(join(tmpdir(), `ponte-${dialect}-`))
    let ponte: Ponte
    let erp: EmptyDatabase
    let state: Awaited<ReturnType<typeof testDatabase>>
    let simulator: CrmSimulator
    let env: Environment
    beforeAll(async () => {
      ponte = compilePonte()
      mkdirSync(join(folder, 'state'), { mode: 0o750 })
      erp = await open()
      state = await testDatabase({ migrate: [stateSchema] })
      simulator = await startCrmSimulator({ dataDir: join(folder, 'crm'), token: 'house', quota: null })
      env = {
        [erp.variable]: erp.url,
        STATE_DATABASE_URL: state.url,
        QUEUE_ROOT: join(folder, 'queue'),
        STATE_DIR: join(folder, 'state'),
        API_URL: simulator.url,
        API_TOKEN: 'house',
        CRM_RATE_LIMIT: '0',
        CRM_SETTLE_MS: '50',
        ENGINE_READERS: '2',
        ENGINE_MEMORY: '512MB',
      }
    })
    afterAll(async () => {
      ponte.remove()
      await simulator.close()
      await Promise.all([erp.close(), state.drop()])
      rmSync(folder, { recursive: true, force: true })
    })

    test('says before the migration what is missing, and that the dialect is not the one that was named', async () => {
      const { code, stdout, stderr } = await ponte(['doctor'], env)
      expect(code).not.toBe(0)
      expect(stdout + stderr).toContain('ponte migrate')
      const refused = await ponte(['migrate', '--dialect', 'postgres'], env)
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(`on ${dialect}`)])
      expect((await erp.pool.query("show tables like 'leads'"))[0]).toEqual([])
    })

    test('installs the schema once; doctor is content then and tells no password', async () => {
      expect((await ponte(['migrate', '--dialect', dialect], env)).code).toBe(0)
      expect((await ponte(['migrate'], env)).stdout).toContain('0 scripts applied')
      const { code, stdout, stderr } = await ponte(['doctor'], env)
      expect(stdout).toContain(`${erp.title} at 127.0.0.1`)
      expect(code, stdout + stderr).toBe(0)
      expect(stdout + stderr).not.toContain(new URL(erp.url).password)
    })

    test('doctor warns of a user for whom one connection must read for all, and says what to grant', async () => {
      const few = await erp.restricted()
      try {
        const { code, stdout, stderr } = await ponte(['doctor'], { ...env, [erp.variable]: few.url })
        expect(stdout, stderr).toMatch(
          /WARNING +ERP schema +all views are there and may be read\n +→ The ERP is read by one connection.*grant/,
        )
        expect(code).toBe(0)
      } finally {
        await few.close()
      }
    })

    test('brings a new branch to the CRM, its id back into the ERP, and finds nothing to do afterwards', async () => {
      await erp.pool.query(`
        insert into countries (code, name) values ('BR', 'BRASIL');
        insert into states (code, name) values ('SP', 'SÃO PAULO');
        insert into cities (id, city_code, city_name, state_code, country_code) values (1, '3550308', 'SÃO PAULO', 'SP', 'BR');
        insert into industries (industry, description) values ('10', 'OUTROS');
        insert into clients (client_code, company_name) values (1, 'PADARIA'), (2, 'AÇOUGUE');
        insert into branches (client, code, description, taxid, city, phone, sales_rep, integrate_crm)
          values (1, 1, 'PADARIA SÃO JOÃO', '11222333000181', 1, '1133334444', 7, 'S'), (2, 1, 'AÇOUGUE', '11444777000161', 1, null, 7, 'S')`)
      for (const job of ['job_execute_spark', 'job_insert_leads_in_spotter']) {
        const { code, stdout, stderr } = await ponte(['run', job], env)
        expect(code, `${job}: ${stdout}${stderr}`).toBe(0)
      }
      const [rows] = await erp.pool.query('select client, id_crm is not null as linked from branches order by client')
      expect(rows).toEqual([
        { client: '1', linked: 1 },
        { client: '2', linked: 1 },
      ])
      expect((await ponte(['run', 'job_execute_spark'], env)).code).toBe(0)
      expect((await ponte(['plan'], env)).stdout).not.toContain('leads.insert 1-1')
    })
  })
}
