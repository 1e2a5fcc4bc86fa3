/** One customer's attempts: pauses, what ends them, what counts. */
import { describe, expect, test } from 'vitest'
import type { Answer, Customer } from '../../connectors/coreintegrator/types.ts'
import { deliver, pauseMs } from './deliver.ts'

const customer: Customer = { id: 3, revision: 1, contentHash: 'h', payload: '{}' }
const quick = { attempts: 3, baseMs: 1 }
const never = new AbortController().signal

async function cycleOf(answers: readonly Answer[], signal = never) {
  let calls = 0
  const cycle = await deliver(customer, async () => answers[calls++]!, quick, signal)
  return { cycle, calls }
}

const failed: Answer = { kind: 'failed', error: 'HTTP 500' }
const away: Answer = { kind: 'away', error: 'no answer' }

describe('a customer is tried', () => {
  test('after 500, 1000 and 2000 ms, up to a fifth longer', () => {
    expect([1, 2, 3].map((failures) => pauseMs(failures, 500, () => 0))).toEqual([500, 1000, 2000])
    expect([1, 2, 3].map((failures) => pauseMs(failures, 500, () => 1))).toEqual([600, 1200, 2400])
  })

  test('again after a failure, until it is delivered', async () => {
    const { cycle, calls } = await cycleOf([failed, away, { kind: 'delivered' }])
    expect(cycle).toMatchObject({ kind: 'delivered', attempts: 3 })
    expect(calls).toBe(3)
  })

  test('three times at most; the last answer says whether it counts', async () => {
    expect(await cycleOf([away, failed, failed])).toMatchObject({ cycle: { kind: 'failed', attempts: 3, counts: true, error: 'HTTP 500' } })
    expect(await cycleOf([failed, failed, away])).toMatchObject({ cycle: { kind: 'failed', attempts: 3, counts: false }, calls: 3 })
  })

  test('once when the CRM refuses it, or asks for a longer wait than a cycle has', async () => {
    expect(await cycleOf([{ kind: 'refused', error: 'HTTP 422' }])).toMatchObject({ cycle: { attempts: 1, counts: true }, calls: 1 })
    expect(await cycleOf([{ ...away, retryAfterMs: 60_000 }])).toMatchObject({ cycle: { attempts: 1, counts: false }, calls: 1 })
  })

  test('no more when the service stops', async () => {
    const stop = new AbortController()
    stop.abort()
    expect(await cycleOf([failed, failed], stop.signal)).toEqual({ cycle: { kind: 'stopped' }, calls: 1 })
  })

  test('no sooner than the CRM asks', async () => {
    const startedAt = performance.now()
    await cycleOf([{ ...away, retryAfterMs: 150 }, { kind: 'delivered' }])
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(140)
  })
})
