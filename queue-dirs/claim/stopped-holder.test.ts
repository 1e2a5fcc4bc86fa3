/** SIGSTOP past the lease, take over, SIGCONT: the woken one can do nothing. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openLane } from '../lane.ts'
import { takeCensus } from '../testing/census.ts'
import { withRoot } from '../testing/temporary-root.ts'

const child = fileURLToPath(new URL('../testing/holder-child.ts', import.meta.url))
const lease = { leaseMs: 900, heartbeatMs: 150 }

test('a worker that was stopped past its lease has lost its letter and its outbox, and doubles nothing when it wakes', async () => {
  await withRoot('disk', async (root) => {
    const lane = await openLane({ root, name: 'leads', ...lease })
    const staging = await lane.stage('r', 'leads.insert', 'insert_leads_in_crm', new Date('2026-01-01T00:00:00Z'))
    for (const id of ['a', 'b', 'c']) await staging.write(JSON.stringify({ id }))
    await staging.seal('d'.repeat(32), {})
    await staging.commit()

    const holder = fork(child, [root, String(lease.leaseMs), String(lease.heartbeatMs)])
    try {
      const [{ holding }] = (await once(holder, 'message')) as [{ holding: string }]
      const nothing = async () => undefined
      expect(await lane.recover(nothing), 'while it is alive').toEqual({ manifests: 0, discarded: 0, claims: 0 })

      holder.kill('SIGSTOP')
      const began = performance.now()
      expect(await lane.recover(nothing)).toEqual({ manifests: 0, discarded: 1, claims: 1 })
      expect(performance.now() - began).toBeGreaterThan(lease.leaseMs - lease.heartbeatMs)

      const seen: string[] = []
      for await (const claim of lane.claims({ prefixes: ['insert_leads_in_crm'], worker: 'other' })) {
        expect(claim.name.file).toBe(holding)
        for await (const { index, text } of claim.lines()) {
          seen.push(text)
          await claim.record(index, index === 1 ? { kind: 'dead', code: 'test.dead', reason: 'dead', attempts: 1 } : { kind: 'done' })
        }
        expect(await claim.finish()).toMatchObject({ done: 2, dead: 1, to: 'falhas' })
      }
      expect(seen).toEqual(['{"id":"b"}', '{"id":"c"}'])

      holder.kill('SIGCONT')
      holder.send('go on')
      const [answers] = (await once(holder, 'message')) as [Record<string, unknown>]
      expect(answers).toEqual({
        held: false,
        record: 'queue.claim_lost',
        finish: 'lost',
        seal: expect.stringMatching(/^queue\./),
        enqueue: 'did it',
      })
      await once(holder, 'exit')
    } finally {
      holder.kill('SIGKILL')
    }

    const census = await takeCensus(join(root, 'leads'))
    expect(Object.fromEntries(census.places)).toEqual({ a: ['done'], b: ['dead'], c: ['done'], before: ['pending'], after: ['pending'] })
    expect(census.torn).toEqual([])
    expect(await readdir(join(root, 'leads', 'processando'))).toEqual([])
    await lane.close()
  })
})
