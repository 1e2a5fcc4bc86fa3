/**
 * The queue folder of a version 0.2.0 that was killed in the middle of its work, as its own code left it (testing/queue-of-0-2-0.json: path
 * and text of each file): what was acknowledged there ends here exactly once, and what had an outcome there is not given out again.
 */
import { mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { openLane } from './lane.ts'
import { idOf, takeCensus } from './testing/census.ts'
import left from './testing/queue-of-0-2-0.json' with { type: 'json' }
import { withRoot } from './testing/temporary-root.ts'

test('letters waiting, in hand, refused, sealed and in the journal of 0.2.0 come through the upgrade, each once', {
  timeout: 30_000,
}, async () => {
  await withRoot('disk', async (root) => {
    for (const [path, text] of Object.entries(left)) {
      await mkdir(dirname(join(root, path)), { recursive: true, mode: 0o750 })
      await writeFile(join(root, path), text)
    }
    // What a repaired disk made of two letters whose only durable copy was the journal's.
    const waiting = join(root, 'leads', 'processar')
    const webhooks = (await readdir(waiting)).filter((name) => name.startsWith('update_leads_in_erp')).sort()
    await truncate(join(waiting, webhooks[3]!))
    await rm(join(waiting, webhooks[4]!))

    const lane = await openLane({ root, name: 'leads', leaseMs: 900, heartbeatMs: 100 })
    const sealed: string[] = []
    await lane.recover(async (_, lines) => {
      for await (const { text } of lines) sealed.push(idOf(text)!)
    })
    expect(sealed).toEqual(['s1', 's2', 's3', 's4'])
    const given: string[] = []
    for await (const claim of lane.claims({ prefixes: ['insert_leads_in_crm', 'update_leads_in_erp'], worker: 'w' })) {
      for await (const { index, text } of claim.lines()) {
        given.push(idOf(text)!)
        await claim.record(index, { kind: 'done' })
      }
      await claim.finish()
    }
    expect(given.sort()).toEqual(['b3', 'b4', 'b5', 's1', 's2', 's3', 's4', 'w1', 'w2', 'w3', 'w4', 'w5'])
    const { places, torn, leftovers } = await takeCensus(join(root, 'leads'))
    const done = [...given, 'b1', 'e1'].map((id) => [id, ['done']])
    expect([...places].sort()).toEqual([...done, ['b2', ['dead']], ['d1', ['dead']]].sort())
    expect({ torn, leftovers }).toEqual({ torn: [], leftovers: [] })
    await lane.close()
  })
})
