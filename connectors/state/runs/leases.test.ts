import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { decide } from '../changes/changes.ts'
import { begin, settleDelivered } from '../changes/delivery.ts'
import { change, openStateBed, type StateBed } from '../testing/state.ts'
import { acquireLease } from './leases.ts'

const child = fileURLToPath(new URL('../testing/holder-child.ts', import.meta.url))

let bed: StateBed
beforeEach(async () => {
  bed = await openStateBed()
})
afterEach(() => bed.close())

describe('a lease', () => {
  test('is given to one of many who ask at once', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, (_, n) => acquireLease(bed.pool, 'one', `p${n}`, 60_000)))
    expect(all.filter((lease) => lease !== null)).toHaveLength(1)
  })

  test('has a new, higher epoch for every holder', async () => {
    const epochs: number[] = []
    for (let n = 0; n < 3; n++) {
      const lease = (await acquireLease(bed.pool, 'one', 'p', 60_000))!
      epochs.push(lease.epoch)
      await lease.release()
    }
    expect(epochs).toEqual([1, 2, 3])
  })

  test('is renewed as long as its holder lives', async () => {
    const lease = (await acquireLease(bed.pool, 'one', 'p', 3_000))!
    const end = async () => (await bed.pool.query<{ at: Date }>(`select expires_at as at from leases where name = 'one'`)).rows[0]!.at
    const first = await end()
    // Beyond what it was given at first.
    await expect.poll(async () => (await end()).getTime() - first.getTime(), { timeout: 30_000 }).toBeGreaterThan(3_000)
    expect(lease.held()).toBe(true)
    expect(await acquireLease(bed.pool, 'one', 'other', 3_000)).toBeNull()
    await lease.release()
  })

  test('released by a former holder stays with the new one', async () => {
    const first = (await acquireLease(bed.pool, 'one', 'first', 60_000))!
    await bed.pool.query(`update leases set expires_at = '-infinity' where name = 'one'`)
    const second = (await acquireLease(bed.pool, 'one', 'second', 60_000))!
    await first.release()
    expect(second.epoch).toBe(first.epoch + 1)
    expect(await acquireLease(bed.pool, 'one', 'third', 60_000)).toBeNull()
  })

  test('says so when renewal finds another holder', async () => {
    const first = (await acquireLease(bed.pool, 'one', 'first', 300))!
    await bed.pool.query(`update leases set epoch = epoch + 1 where name = 'one'`)
    await vi.waitFor(() => expect(first.signal.aborted).toBe(true), { timeout: 2_000 })
    expect(first.signal.reason).toMatchObject({ code: 'lease.lost' })
    expect(first.held()).toBe(false)
  })

  test('ends by the clock when the state database hangs, even though no renewal ever answers', async () => {
    const pool = new pg.Pool({ connectionString: bed.url, max: 2 })
    const lease = (await acquireLease(pool, 'one', 'p', 300))!
    const lock = await bed.pool.connect()
    await lock.query('begin')
    await lock.query(`select from leases where name = 'one' for update`)
    try {
      await vi.waitFor(() => expect(lease.signal.aborted).toBe(true), { timeout: 2_000 })
    } finally {
      await lock.query('rollback')
      lock.release()
      await pool.end()
    }
  })

  test('cannot be released when the database is away, and does not throw for it', async () => {
    const pool = new pg.Pool({ connectionString: bed.url, max: 1 })
    const lease = (await acquireLease(pool, 'one', 'p', 60_000))!
    await pool.end()
    await expect(lease.release()).resolves.toBeUndefined()
  })
})

test('a process that is stopped past its lease and woken writes nothing any more', async () => {
  await bed.lease.release()
  const leaseMs = 700
  const holder = fork(child, [bed.url, String(leaseMs)])
  try {
    const [first] = (await once(holder, 'message')) as [{ epoch: number; begin: string }]
    expect(first.begin).toBe('go')
    expect(await acquireLease(bed.pool, 'job', 'me', 60_000), 'while it lives').toBeNull()

    holder.kill('SIGSTOP')
    const mine = await vi.waitFor(
      async () => {
        const lease = await acquireLease(bed.pool, 'job', 'me', 60_000)
        expect(lease).not.toBeNull()
        return lease!
      },
      { timeout: 5_000, interval: 50 },
    )
    expect(mine.epoch).toBe(first.epoch + 1)
    const line = change('r1', 'k')
    expect(await begin(bed.pool, line, mine)).toEqual({ kind: 'go', inDoubt: true })

    holder.kill('SIGCONT')
    holder.send('go on')
    const [answers] = (await once(holder, 'message')) as [Record<string, unknown>]
    expect(answers).toEqual({
      held: false,
      signalled: true,
      begin: 'fenced',
      clearIntent: 'did not throw',
      delivered: false,
      failed: false,
      record: 'lease.lost',
    })
    expect(await bed.history('k')).toMatchObject([{ run: 'r1', status: 'queued', doubt: true }])
    expect((await bed.pool.query('select from agreed')).rowCount).toBe(0)

    const agreed = { entity: 'leads', key: '1', crmId: '1', fields: {} }
    expect(await settleDelivered(bed.pool, line, agreed, mine), 'the new holder goes on').toBe(true)
    expect(await decide(bed.pool, line.entity, [line])).toEqual(['send'])
    await mine.release()
  } finally {
    holder.kill('SIGKILL')
  }
})
