import { expect, it, vi } from 'vitest'
import type { Quota, QuotaOptions } from './quota.ts'

/** @returns the largest number of moments in any stretch of `windowMs` (its start included, its end not) */
export function busiest(moments: readonly number[], windowMs: number): number {
  const sorted = [...moments].sort((a, b) => a - b)
  let most = 0
  let start = 0
  for (let end = 0; end < sorted.length; end++) {
    while ((sorted[end] as number) - (sorted[start] as number) >= windowMs) start += 1
    most = Math.max(most, end - start + 1)
  }
  return most
}

/** What every quota of one process does. `open` gives a fresh one each time. */
export function testQuota(open: (options: QuotaOptions) => Promise<Quota>): void {
  const settings = { limit: 5, windowMs: 200, marginMs: 20 }

  it('gives permits up to the limit at once, and the next when the first leaves the window', async () => {
    const patient = await open({ ...settings, windowMs: 600_000 })
    for (let n = 0; n < settings.limit; n++) await patient.take()
    await patient.close()
    const quota = await open(settings)
    const started = performance.now()
    const times: number[] = []
    await Promise.all(
      Array.from({ length: 23 }, async () => {
        await quota.take()
        times.push(performance.now() - started)
      }),
    )
    // A busy machine sees a permit late, but none before its window.
    times.sort((a, b) => a - b)
    for (const [n, at] of times.entries()) expect(at).toBeGreaterThanOrEqual(Math.floor(n / settings.limit) * settings.windowMs - 1)
    await quota.close()
  })

  it('serves in order, urgent requests first', async () => {
    const quota = await open({ ...settings, limit: 1 })
    // Longer than a busy machine takes to come to the urgent one.
    await quota.blockFor(1_500)
    const order: string[] = []
    const bulk = ['a', 'b', 'c'].map((name) => quota.take().then(() => order.push(name)))
    await new Promise((resolve) => setTimeout(resolve, 30))
    const urgent = quota.take(undefined, 'urgent').then(() => order.push('urgent'))
    await Promise.all([...bulk, urgent])
    expect(order).toEqual(['urgent', 'a', 'b', 'c'])
    await quota.close()
  })

  it('holds everyone after a block, and a shorter block does not shorten it', async () => {
    const quota = await open(settings)
    const started = performance.now()
    await quota.blockFor(300)
    await quota.blockFor(1)
    await Promise.all([quota.take(), quota.take(undefined, 'urgent')])
    expect(performance.now() - started).toBeGreaterThanOrEqual(295)
    await quota.close()
  })

  it('lets a waiter go with the reason of its signal, and serves the others', async () => {
    const quota = await open({ ...settings, limit: 1 })
    await quota.take()
    const controller = new AbortController()
    const reason = new Error('stop')
    const leaving = quota.take(controller.signal)
    const staying = quota.take()
    setTimeout(() => controller.abort(reason), 20)
    await expect(leaving).rejects.toBe(reason)
    await staying
    await expect(quota.take(AbortSignal.abort(reason))).rejects.toBe(reason)
    await quota.close()
  })

  it('says when a permit is too old to be used', async () => {
    const quota = await open({ ...settings, marginMs: 2_000 })
    const permit = await quota.take()
    expect(permit.fresh()).toBe(true)
    await vi.waitFor(() => expect(permit.fresh()).toBe(false), { timeout: 10_000 })
    await quota.close()
  })

  it('turns everyone away when it is closed', async () => {
    const quota = await open({ ...settings, limit: 1 })
    await quota.take()
    const waiting = quota.take()
    await quota.close()
    await expect(waiting).rejects.toMatchObject({ code: 'crm.quota_closed' })
    await expect(quota.take()).rejects.toMatchObject({ code: 'crm.quota_closed' })
  })

  it.each([{ limit: 0 }, { limit: 1.5 }, { windowMs: 0 }, { windowMs: Number.NaN }, { marginMs: -1 }])('refuses %j', async (wrong) => {
    await expect((async () => open(wrong))()).rejects.toThrow(RangeError)
  })
}
