import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { testSeed } from '../../../../base/testing/random.ts'
import { seededRandom } from '../random.ts'
import { startCrmSimulator } from '../simulator.ts'
import { asker, token, withFolder } from '../testing.ts'

const rounds = process.env.PONTE_TEST_LONG === '1' ? 20 : 3
const seed = testSeed()
const main = fileURLToPath(new URL('../main.ts', import.meta.url))

/** A simulator as a real process of its own. */
async function startProcess(
  dataDir: string,
): Promise<{ url: string; controlUrl: string; kill: (signal: 'SIGKILL' | 'SIGTERM') => Promise<number | null> }> {
  const child = spawn(process.execPath, [main, JSON.stringify({ dataDir, token, quota: null })], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const ended = once(child, 'exit')
  const { url, controlUrl } = JSON.parse(line) as { url: string; controlUrl: string }
  return {
    url,
    controlUrl,
    async kill(signal) {
      child.kill(signal)
      return ((await ended) as [number | null])[0]
    },
  }
}

describe('a killed simulator', () => {
  it(
    `has every answered write after its restart (${rounds} rounds, seed ${seed})`,
    () =>
      withFolder(async (dataDir) => {
        const random = seededRandom(seed, 'crash')
        const answered = new Map<number, string>()
        let asked = 0
        for (let round = 0; round < rounds; round += 1) {
          const running = await startProcess(dataDir)
          const ask = asker(running.url)
          const last = asked + 500
          const killAt = asked + 20 + Math.floor(random() * 460)
          let killed: Promise<unknown> | undefined
          const writer = async () => {
            while (asked < last) {
              const name = `lead ${asked++}`
              if (asked >= killAt) killed ??= running.kill('SIGKILL')
              const answer = await ask('POST', 'LeadsAdd', { lead: { name } }).catch(() => null)
              if (answer === null) continue
              expect(answer.status).toBe(201)
              answered.set(answer.json.value, name)
            }
          }
          await Promise.all(Array.from({ length: 16 }, writer))
          await killed
        }
        const after = await startCrmSimulator({ dataDir, token, quota: null })
        try {
          const missing = [...answered].filter(([id, name]) => after.state.lead(id)?.lead !== name)
          expect(missing).toEqual([])
          expect(answered.size).toBeGreaterThan(rounds * 4)
          const effects = await after.effects()
          expect(effects.map(({ seq }) => seq)).toEqual(effects.map((_, index) => index + 1))
          expect(effects).toHaveLength(after.state.counts.leads)
          expect((await asker(after.url)('POST', 'LeadsAdd', { lead: { name: 'next' } })).json.value).toBe(effects.length + 1)
          const times = (await after.effects()).map(({ time }) => time)
          expect(times).toEqual([...new Set(times)].sort())
        } finally {
          await after.close()
        }
      }),
    rounds * 40_000,
  )

  it('ends cleanly on SIGTERM', () =>
    withFolder(async (dataDir) => {
      const running = await startProcess(dataDir)
      await asker(running.url)('POST', 'LeadsAdd', { lead: { name: 'x' } })
      expect(await running.kill('SIGTERM')).toBe(0)
    }))
})
