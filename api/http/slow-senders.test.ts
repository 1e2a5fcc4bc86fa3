/** 1,000 slow senders while good traffic flows: all of the good is answered, in good time. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { testDatabase } from '../../connectors/erp/testing/test-erp.ts'
import { serveApi } from '../testing/served.ts'

const seconds = process.env.PONTE_TEST_LONG === '1' ? 300 : 25
const token = 'token-of-the-good-and-the-slow'

test(
  `for ${seconds} seconds every good event is answered`,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ponte-slow-'))
    const database = await testDatabase({ migrate: [new URL('../../sql/state/', import.meta.url)] })
    const api = await serveApi({ queueRoot: join(folder, 'queue'), stateUrl: database.url, logFile: join(folder, 'log'), token })
    const script = fileURLToPath(new URL('../testing/slow-child.ts', import.meta.url))
    const slow = fork(script, [new URL(api.url).port, '1000', token])
    const tell = async () => {
      const answer = once(slow, 'message')
      slow.send('tell')
      return ((await answer) as [{ open: number; cut: number }])[0]
    }
    try {
      while ((await tell()).open < 950) await sleep(200)
      const times: number[] = []
      const waiting: Promise<void>[] = []
      const good = async (id: number) => {
        const began = performance.now()
        const body = JSON.stringify({ Lead: { Id: id, Stage: 's', Company: 'good' } })
        // A connection of its own each: the worst case.
        const headers = { authorization: `Bearer ${token}`, connection: 'close' }
        const answer = await fetch(`${api.url}/atualizalead`, { method: 'POST', body, headers })
        expect(answer.status).toBe(200)
        times.push(performance.now() - began)
      }
      for (let id = 1; id <= seconds * 10; id += 1) {
        waiting.push(good(id))
        await sleep(100)
      }
      await Promise.all(waiting)
      const { cut } = await tell()
      times.sort((a, b) => a - b)
      const p99 = times[Math.floor(times.length * 0.99)]!
      console.log(`slow senders: ${times.length} of ${seconds * 10} answered, p99 ${p99.toFixed(0)} ms, ${cut} slow connections cut off`)
      expect(times).toHaveLength(seconds * 10)
      expect(await readdir(join(folder, 'queue', 'leads', 'processar'))).toHaveLength(seconds * 10)
      // Each was cut off at least once: after 10 s of headers, 20 s of body.
      expect(cut).toBeGreaterThan(1_000)
      expect(p99).toBeLessThan(3_000)
    } finally {
      slow.kill('SIGKILL')
      await api.stop()
      await database.drop()
      await rm(folder, { recursive: true })
    }
  },
  (seconds + 120) * 1000,
)
