/** The demo on MariaDB, and on the simulated Oracle, beside the one on PostgreSQL: the same seed, the same figures. Real processes, as they ship. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testSeed } from '../../base/testing/random.ts'
import { withDocument } from '../../cli/testing/house.ts'
import { expectNoPersonalData } from '../../cli/testing/personal-data.ts'
import { compilePonte, type Ponte } from '../../cli/testing/ponte.ts'
import { removePrivateServer } from '../../connectors/mysql/private-server.ts'
import { mariaDbMissing } from '../../connectors/mysql/testing.ts'

const seed = testSeed()
/** Enough that every kind of the work in the CRM finds its leads. */
const branches = 600

if (!mariaDbMissing('cli/demo'))
  describe(`ponte demo, seed ${seed}`, () => {
    let ponte: Ponte
    let folders: { postgres: string; mysql: string; oracle: string }
    let onPostgres: Awaited<ReturnType<typeof runIn>>
    beforeAll(() => {
      ponte = compilePonte()
      const folder = (on: string) => mkdtempSync(join(tmpdir(), `ponte-demo-${on}-`))
      folders = { postgres: folder('postgres'), mysql: folder('mysql'), oracle: folder('oracle') }
    })
    afterAll(async () => {
      ponte.remove()
      for (const folder of Object.values(folders)) {
        await removePrivateServer(join(folder, 'data/demo/mariadb'))
        rmSync(folder, { recursive: true, force: true })
      }
    })
    const words = (on: keyof typeof folders) => ['demo', '--erp', on, '--branches', String(branches), '--seed', String(seed), '--json']
    const runIn = async (on: keyof typeof folders, env = {}) => withDocument(await ponte(words(on), env, folders[on]))
    const serversIn = (folder: string): string[] =>
      readdirSync('/proc').filter((entry) => {
        try {
          return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(folder)
        } catch {
          return false
        }
      })

    test('that is killed with its MariaDB running leaves nothing that harms the next one', async () => {
      const killed = ponte.start(words('mysql'), {}, folders.mysql)
      const schema = join(folders.mysql, 'data/demo/mariadb/data/erp_db')
      while (!(existsSync(schema) && readdirSync(schema).some((file) => file.startsWith('leads')))) {
        if (killed.child.exitCode !== null) expect.unreachable(JSON.stringify(await killed.ended))
        await sleep(20)
      }
      killed.child.kill('SIGKILL')
      await killed.ended
      expect(serversIn(join(folders.mysql, 'data/demo'))).toHaveLength(1)
    })

    test('on MariaDB gives the figures of the one on PostgreSQL, to the last, and its log names nobody', async () => {
      const both = await Promise.all([runIn('postgres'), runIn('mysql', { LOG_LEVEL: 'trace' })])
      onPostgres = both[0]
      const onMysql = both[1]
      expect(onMysql.document).toMatchObject({ ok: true, erpEdits: 40, crmUpdates: 40, conflicts: 5, falhas: 0, balanced: true })
      const { ms: _, ...figures } = onPostgres.document
      const { ms, ...same } = onMysql.document
      expect(same).toEqual(figures)
      expect(ms).toBeGreaterThan(0)
      expect([onPostgres.code, onMysql.code]).toEqual([0, 0])
      expectNoPersonalData(join(folders.mysql, 'data/demo'), onMysql.stdout, onMysql.stderr)
      expect(serversIn(join(folders.mysql, 'data'))).toEqual([])
    }, 400_000)

    test('on the simulated Oracle gives them too, all of it through the driver, and ends its processes', async () => {
      const onOracle = await runIn('oracle', { LOG_LEVEL: 'trace' })
      const { ms: _, ...figures } = onPostgres.document
      const { ms: __, ...same } = onOracle.document
      expect(same).toEqual(figures)
      expect(onOracle.code).toBe(0)
      expectNoPersonalData(join(folders.oracle, 'data/demo'), onOracle.stdout, onOracle.stderr)
      expect(serversIn(join(folders.oracle, 'data'))).toEqual([])
    }, 400_000)
  })
