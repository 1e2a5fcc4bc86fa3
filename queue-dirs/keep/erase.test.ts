/** Lines that are erased, and what is known of them beside their letters. What it means for a client: operations/erase.test.ts. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLane } from '../lane.ts'
import type { Lane } from '../lane.types.ts'
import { withRoot } from '../testing/temporary-root.ts'

const isMeant = (_prefix: string, text: string) => text.includes('gone')
const withLane = (act: (lane: Lane, path: (...parts: string[]) => string) => Promise<void>) =>
  withRoot('memory', async (root) => {
    const lane = await openLane({ root, name: 'leads', leaseMs: 3_000, heartbeatMs: 1_000, settleMs: 0 })
    await act(lane, (...parts) => join(root, 'leads', ...parts))
    await lane.close()
  })

test('the reason of a line goes with it, also while its letter waits for its other lines', () =>
  withLane(async (lane, path) => {
    await lane.enqueue('update_leads_in_erp', 'x', '{"who":"gone"}\n{"who":"stays"}\n')
    for await (const claim of lane.claims({ prefixes: ['update_leads_in_erp'], worker: 'w' })) {
      await claim.record(0, { kind: 'dead', code: 'REFUSED', reason: 'gone@example.com is no address', attempts: 1 })
      break
    }
    const outcomes = async () =>
      Promise.all((await readdir(path('.progress'))).map((file) => readFile(path('.progress', file), 'utf8'))).then((all) => all.join())
    expect(await outcomes()).toContain('gone@example.com')
    expect(await lane.erase({ isMeant, dryRun: true })).toMatchObject({ waiting: 1 })
    expect(await outcomes()).toContain('gone@example.com')
    expect(await lane.erase({ isMeant, dryRun: false })).toMatchObject({ waiting: 1, inHand: 0 })
    expect(await outcomes()).not.toContain('gone')

    const lines: string[] = []
    for await (const claim of lane.claims({ prefixes: ['update_leads_in_erp'], worker: 'w' })) {
      for await (const { index, text } of claim.lines()) {
        lines.push(text)
        await claim.record(index, { kind: 'done' })
      }
      expect(await claim.finish()).toMatchObject({ to: 'processados' })
    }
    expect(lines).toEqual(['{"who":"stays"}'])
  }))

test('what cannot be read as a letter is named, for a person', () =>
  withLane(async (lane, path) => {
    const latin1 = Buffer.from('{"who":"gone","city":"S\xe3o Paulo"}', 'latin1')
    await writeFile(path('falhas', 'update_leads_in_erp_x.json'), latin1)
    await writeFile(path('processar', 'update_leads_in_erp_y.json'), latin1)
    const { unread } = await lane.erase({ isMeant, dryRun: false })
    expect([...unread].sort()).toEqual(['falhas/update_leads_in_erp_x.json', 'processar/update_leads_in_erp_y.json'])
  }))
