import { describe, expect, test } from 'vitest'
import { openLane } from '../lane.ts'
import type { Claim, Lane } from '../lane.types.ts'
import { heldClock } from '../testing/held-clock.ts'
import { withRoot } from '../testing/temporary-root.ts'

const timing = { name: 'leads', leaseMs: 3000, heartbeatMs: 1000 } as const
const nothing = async () => undefined
const prefixes = ['converted_lead']

async function firstClaim(lane: Lane): Promise<{ claim: Claim; leave: () => Promise<unknown> }> {
  const iterator = lane.claims({ prefixes, worker: 'w' })[Symbol.asyncIterator]()
  const { value } = await iterator.next()
  return { claim: value as Claim, leave: async () => iterator.return?.() }
}

describe('a lease', () => {
  test('lasts as long as the heartbeat beats, however long that is', async () => {
    await withRoot('memory', async (root) => {
      const clock = heldClock()
      const holder = await openLane({ root, ...timing }, { clock: clock.process() })
      const other = await openLane({ root, ...timing }, { clock: clock.process() })
      await holder.enqueue('converted_lead', 's', '{}')
      const { claim, leave } = await firstClaim(holder)
      for (let n = 0; n < 10; n += 1) {
        await clock.advance(2000)
        expect(await claim.held()).toBe(true)
        expect((await other.recover(nothing)).claims).toBe(0)
      }
      await leave()
    })
  })

  test('that ran out is over although nobody took the letter, and beating again does not bring it back', async () => {
    await withRoot('memory', async (root) => {
      const clock = heldClock()
      const own = clock.process()
      const holder = await openLane({ root, ...timing }, { clock: own })
      await holder.enqueue('converted_lead', 's', '{}')
      const { claim, leave } = await firstClaim(holder)
      own.stop()
      await clock.advance(timing.leaseMs - 1001)
      expect(await claim.held()).toBe(true)
      await clock.advance(1001)
      own.go()
      expect(await claim.held()).toBe(false)
      await clock.advance(5000)
      expect(await claim.held()).toBe(false)
      await expect(claim.record(0, { kind: 'done' })).rejects.toMatchObject({ code: 'queue.claim_lost' })
      expect(await claim.finish()).toMatchObject({ open: 1, to: 'lost' })
      await leave()
      // Its own seat gave the letter back; the next claim of the same lane is a new seat and works.
      const next = await firstClaim(holder)
      expect(await next.claim.held()).toBe(true)
      await next.leave()
    })
  })

  test.each([86_400_000, -3_600_000])('is not touched by a wall clock that jumps by %d ms', async (jump) => {
    await withRoot('memory', async (root) => {
      const clock = heldClock()
      let wall = Date.parse('2026-03-04T05:06:07Z')
      const jumping = () => ({ ...clock.process(), wall: () => wall })
      const holder = await openLane({ root, ...timing }, { clock: jumping() })
      const other = await openLane({ root, ...timing }, { clock: jumping() })
      await holder.enqueue('converted_lead', 's', '{}')
      const { claim, leave } = await firstClaim(holder)
      await other.recover(nothing)
      wall += jump
      await clock.advance(1500)
      expect((await other.recover(nothing)).claims).toBe(0)
      expect(await claim.held()).toBe(true)
      await leave()
    })
  })
})
