/** Two real processes work on one lane; one of them is killed at a random moment and comes back, again and again. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { seeded, testSeed } from '../base/testing/random.ts'
import { openLane } from './lane.ts'
import { idOf, takeCensus } from './testing/census.ts'
import { withRoot } from './testing/temporary-root.ts'

const kills = process.env.PONTE_TEST_LONG ? 200 : 20
const child = fileURLToPath(new URL('./testing/busy-child.ts', import.meta.url))

test(`${kills} kills lose nothing, double nothing and tear nothing`, { timeout: kills * 10_000 }, async () => {
  await withRoot('disk', async (root) => {
    const ledger = join(root, '..', 'ledger')
    await writeFile(ledger, '')
    const seed = testSeed()
    const random = seeded(seed)
    let lives = 0
    const start = async (): Promise<ChildProcess> => {
      lives += 1
      const process_ = fork(child, [root, ledger, `L${lives}`, String(seed + lives)], {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      })
      let complaint = ''
      process_.stderr?.on('data', (chunk) => {
        complaint += chunk
      })
      const first = await Promise.race([once(process_, 'message'), once(process_, 'exit')])
      if (first[0] !== 'ready') throw new Error(`a life ended by itself: ${complaint}`)
      process_.on('exit', (_, signal) => {
        if (signal !== 'SIGKILL') complaints.push(complaint)
      })
      return process_
    }
    const complaints: string[] = []
    const running = await Promise.all([start(), start()])
    for (let n = 0; n < kills; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, random() * 400))
      const victim = running[n % 2] as ChildProcess
      victim.kill('SIGKILL')
      await once(victim, 'exit')
      running[n % 2] = await start()
    }
    for (const each of running) {
      each.kill('SIGKILL')
      await once(each, 'exit')
    }
    expect(complaints).toEqual([])

    const lane = await openLane({ root, name: 'leads', leaseMs: 800, heartbeatMs: 150 })
    const sealed: string[] = []
    const began = performance.now()
    await lane.recover(async (_, lines) => {
      for await (const { text } of lines) sealed.push(idOf(text) as string)
    })
    const recovery = performance.now() - began
    const facts = (await readFile(ledger, 'utf8'))
      .split('\n')
      .filter(Boolean)
      .map((each) => each.split(' ') as [string, string, string])
    const accepted = new Set([...facts.filter(([fact]) => fact === 'accepted').map(([, id]) => id), ...sealed])
    const recorded = new Map<string, string>()
    const again: string[] = []
    for (const [fact, id, kind] of facts) {
      if (fact === 'effect' && recorded.has(id)) again.push(id)
      if (fact === 'recorded') recorded.set(id, kind)
    }
    const at = join(root, 'leads')
    const rest = await takeCensus(at)
    expect(rest.torn).toEqual([])
    expect(rest.leftovers.filter((name) => !name.endsWith('.error.json'))).toEqual([])

    for await (const claim of lane.claims({ prefixes: ['insert_leads_in_crm', 'converted_lead'], worker: 'last' })) {
      for await (const { index, text } of claim.lines()) {
        const id = idOf(text) as string
        if (recorded.has(id)) again.push(id)
        await claim.record(index, { kind: 'done' })
      }
      await claim.finish()
    }
    const end = await takeCensus(at)
    console.log(
      `${kills} kills, ${lives} lives, ${accepted.size} lines acknowledged, ${recorded.size} outcomes acknowledged, last recovery ${recovery.toFixed(0)} ms, seed ${seed}`,
    )
    expect(accepted.size).toBeGreaterThan(kills * 5)
    expect(again, 'delivered again after the outcome was acknowledged').toEqual([])
    expect([...accepted].filter((id) => end.places.get(id)?.length !== 1)).toEqual([])
    expect([...end.places].filter(([, places]) => places.length !== 1)).toEqual([])
    expect([...recorded].filter(([id, kind]) => end.places.get(id)?.[0] !== kind)).toEqual([])
    expect(end.torn).toEqual([])
    expect(recovery).toBeLessThan(10_000)
  })
})
