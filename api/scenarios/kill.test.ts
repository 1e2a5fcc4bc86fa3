/** SIGKILL in the middle of the load, again and again on one queue: every acknowledged event has its letter, whole. */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { expect, test } from 'vitest'
import { seeded, testSeed } from '../../base/testing/random.ts'
import { testDatabase } from '../../connectors/erp/testing/test-erp.ts'
import { serveApi } from '../testing/served.ts'

const kills = process.env.PONTE_TEST_LONG === '1' ? 200 : 6
const token = 'token-that-survives-the-kills'
const connections = 16

test(
  `${kills} kills lose no acknowledged event and leave no torn letter; what was not acknowledged may be sent again`,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ponte-kill-'))
    const database = await testDatabase({ migrate: [new URL('../../sql/state/', import.meta.url)] })
    const queueRoot = join(folder, 'queue')
    const acknowledged = new Set<number>()
    const unsure: number[] = []
    const refused: number[] = []
    let next = 1
    const random = seeded(testSeed())
    try {
      for (let round = 0; round < kills; round += 1) {
        const api = await serveApi({ queueRoot, stateUrl: database.url, logFile: join(folder, 'log'), token })
        const pool = new Pool(api.url, { connections })
        // The kill is counted in events, not in time: on a busy machine the first answer takes a second.
        let left = 12 + Math.floor(random() * 300)
        const send = async (id: number) => {
          const body = JSON.stringify({ Lead: { Id: id, Stage: 's', Company: `company ${id}` } })
          const headers = { authorization: `Bearer ${token}`, 'webhook-id': `m${id}` }
          try {
            const answer = await pool.request({ method: 'POST', path: '/atualizalead', body, headers })
            await answer.body.dump()
            if (answer.statusCode !== 200) {
              refused.push(answer.statusCode)
              return false
            }
            acknowledged.add(id)
            left -= 1
            return true
          } catch {
            unsure.push(id)
            return false
          }
        }
        const loop = async () => {
          // First what the last server did not acknowledge, as a sender repeats it.
          while (await send(unsure.pop() ?? next++));
        }
        const loops = Promise.all(Array.from({ length: connections }, loop))
        // Over before the kill: the server ended by itself, or refused everybody.
        let over = false
        void loops.then(() => {
          over = true
        })
        while (left > 0 && !over) await sleep(random() * 20)
        await api.kill()
        await loops
        await pool.destroy()
      }
      const letters = new Map<number, number>()
      const lane = join(queueRoot, 'leads', 'processar')
      for (const name of await readdir(lane)) {
        const { Lead } = JSON.parse(await readFile(join(lane, name), 'utf8')) as { Lead: { Id: number } }
        letters.set(Lead.Id, (letters.get(Lead.Id) ?? 0) + 1)
      }
      const twice = [...letters.values()].filter((count) => count > 1).length
      console.log(`${kills} kills: ${acknowledged.size} acknowledged, ${letters.size} with letters, ${twice} of them with two`)
      expect(refused).toEqual([])
      expect(acknowledged.size).toBeGreaterThan(kills * 10)
      expect([...acknowledged].filter((id) => !letters.has(id))).toEqual([])
      // A second letter comes only from a kill between letter and mark: at most one per connection and kill.
      expect(twice).toBeLessThanOrEqual(kills * connections)
    } finally {
      await database.drop()
      await rm(folder, { recursive: true })
    }
  },
  kills * 20_000 + 60_000,
)
