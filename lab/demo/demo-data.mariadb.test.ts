/** `ponte demo-data` on MariaDB beside PostgreSQL: the same seed, the same counts. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compilePonte, type Environment, type Ponte } from '../../cli/testing/ponte.ts'
import { testDatabase } from '../../connectors/erp/testing/test-erp.ts'
import { mariaDbMissing, testMariaDb } from '../../connectors/mysql/testing.ts'

if (!mariaDbMissing('cli/demo-data'))
  describe('ponte demo-data on MariaDB', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ponte-demo-data-'))
    let ponte: Ponte
    beforeAll(() => {
      ponte = compilePonte()
    })
    afterAll(() => {
      ponte.remove()
      rmSync(folder, { recursive: true, force: true })
    })

    test('fills an empty ERP once, counts as on PostgreSQL, and replaces its own data only', async () => {
      const [empty, other] = [await testMariaDb(), await testDatabase()]
      try {
        const fill = async (url: Environment, ...options: string[]) => {
          const words = ['demo-data', '--branches', '60', '--seed', '3', '--today', '2026-11-22', '--json', ...options]
          const { code, stdout } = await ponte(words, { STATE_DIR: folder, STATE_DATABASE_URL: other.url, ...url })
          const { seconds: _, ...document } = JSON.parse(stdout)
          return { code, document }
        }
        const filled = await fill({ MYSQL_URL: empty.url })
        expect(filled).toMatchObject({ code: 0, document: { ok: true, branches: 60 } })
        expect(filled).toEqual(await fill({ DATABASE_URL: other.url }))
        expect((await empty.pool.query('select count(*) as n from branches'))[0]).toEqual([{ n: '60' }])
        expect(await fill({ MYSQL_URL: empty.url })).toMatchObject({ code: 1, document: { error: { code: 'demo.not_empty' } } })
        expect(await fill({ MYSQL_URL: empty.url }, '--replace')).toEqual(filled)
        await empty.pool.query("delete from ponte_settings where name = 'demo_data'")
        expect(await fill({ MYSQL_URL: empty.url }, '--replace')).toMatchObject({ code: 1, document: { error: { code: 'demo.not_demo' } } })
        const wrong = Object.assign(new URL(empty.url), { password: 'hunter2' }).href
        const refused = await fill({ MYSQL_URL: wrong })
        expect(refused).toMatchObject({ code: 2, document: { error: { code: 'erp.login_refused' } } })
        expect(JSON.stringify(refused)).not.toContain('hunter2')
      } finally {
        await Promise.all([empty.drop(), other.drop()])
      }
    })
  })
