/** SIGKILL in the middle of a sync, of the command as it ships: one SUCCESS row and one effect per customer all the same. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mariaDbMissing } from '../../connectors/mysql/testing.ts'
import { startCustomerCrm } from '../../lab/simulators/coreintegrator-crm/simulator.ts'
import { environment, insertMany, testErp, unsynced, wronglyLogged } from '../testing/coreintegrator.ts'
import { compilePonte, type Ponte } from '../testing/ponte.ts'

const KILLS = 6
const CUSTOMERS = 120

if (!mariaDbMissing('cli/coreintegrator-kill'))
  describe('CoreIntegrator, killed', () => {
    let ponte: Ponte
    beforeAll(() => {
      ponte = compilePonte()
    })
    afterAll(() => ponte.remove())

    test('at any point of a sync loses nothing and sends nothing twice', async () => {
      const erp = await testErp()
      const crm = await startCustomerCrm({ faults: { delayMs: 8, failureRate: 0.1, lostAnswers: 0.1 } })
      const start = async () => {
        const started = ponte.start(['coreintegrator', 'serve', '--json'], { ...environment(erp.settings, crm.url), LOG_LEVEL: 'error' })
        const { url } = JSON.parse(await started.shows('"url"')) as { url: string }
        return { ...started, sync: () => fetch(`${url}/sync`, { method: 'POST' }) }
      }
      try {
        for (let kill = 1; kill <= KILLS; kill++) {
          const service = await start()
          if (kill === 1) await insertMany(erp, CUSTOMERS)
          const until = crm.effects.length + 5 + kill
          const answer = service.sync().catch(() => null)
          while (crm.effects.length < until && (await unsynced(erp)) > 0) await sleep(2)
          service.child.kill('SIGKILL')
          expect(await answer).toBeNull()
          await service.ended
        }
        expect(await unsynced(erp)).toBeGreaterThan(0)
        crm.setFaults({})
        const service = await start()
        expect(await (await service.sync()).json()).toMatchObject({ message: 'Manual sync completed', failed: 0 })
        service.child.kill('SIGTERM')
        expect(await service.ended).toMatchObject({ code: 0 })
      } finally {
        await crm.close()
      }
      expect(await unsynced(erp)).toBe(0)
      expect(await wronglyLogged(erp)).toEqual([])
      expect(crm.effects).toHaveLength(CUSTOMERS + 2)
      expect(new Set(crm.effects.map(({ body }) => body.customerId)).size).toBe(CUSTOMERS + 2)
      await erp.drop()
    })

    test('the demonstration walks through by itself', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'ponte-coreintegrator-demo-'))
      try {
        const { code, stdout, stderr } = await ponte(['coreintegrator', '--walk', '--json'], { PORT: '0' }, folder)
        expect(stderr).toBe('')
        expect(JSON.parse(stdout)).toMatchObject({
          ok: true,
          logs: expect.arrayContaining([expect.objectContaining({ status: 'SUCCESS' })]),
        })
        expect(code).toBe(0)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
  })
