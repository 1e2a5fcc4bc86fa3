import { expect, it } from 'vitest'
import { type Breaker, createBreaker, type Verdict } from './breaker.ts'

function setUp() {
  const clock = { ms: 1_000 }
  const changes: Breaker['state'][] = []
  const breaker = createBreaker({ failures: 3, pauseMs: 100, monotonic: () => clock.ms, onChange: (state) => changes.push(state) })
  const admitted = (): Verdict => {
    const entry = breaker.enter()
    if (!entry.admitted) throw new Error('refused')
    return entry.verdict
  }
  const open = () => {
    for (let i = 0; i < 3; i++) admitted().failed()
  }
  return { clock, changes, breaker, admitted, open }
}

it('opens after the given number of failures in a row, and says how long it stays shut', () => {
  const { breaker, admitted, clock } = setUp()
  admitted().failed()
  admitted().failed()
  admitted().alive()
  admitted().failed()
  admitted().failed()
  expect(breaker.state).toBe('closed')
  admitted().failed()
  expect(breaker.state).toBe('open')
  clock.ms += 40
  expect(breaker.enter()).toEqual({ admitted: false, waitMs: 60 })
})

it('lets one probe through after the pause, and closes when it lives', () => {
  const { breaker, admitted, clock, open, changes } = setUp()
  open()
  clock.ms += 100
  const probe = admitted()
  expect(breaker.enter()).toMatchObject({ admitted: false })
  probe.alive()
  expect(breaker.enter()).toMatchObject({ admitted: true })
  expect(changes).toEqual(['open', 'half-open', 'closed'])
})

it('pauses again when the probe fails, whatever the count', () => {
  const { breaker, admitted, clock, open } = setUp()
  open()
  clock.ms += 100
  admitted().failed()
  expect(breaker.enter()).toEqual({ admitted: false, waitMs: 100 })
  clock.ms += 100
  admitted().alive()
  expect(breaker.state).toBe('closed')
})

it('gives the probe to the next when the first one ended without a verdict', () => {
  const { breaker, admitted, clock, open } = setUp()
  open()
  clock.ms += 100
  admitted().unknown()
  expect(breaker.state).toBe('open')
  admitted().alive()
  expect(breaker.state).toBe('closed')
})

it('ignores verdicts of attempts that began before the last change', () => {
  const { breaker, admitted, clock, open } = setUp()
  const slowSuccess = admitted()
  const slowFailure = admitted()
  open()
  slowSuccess.alive()
  expect(breaker.state).toBe('open')
  clock.ms += 100
  const probe = admitted()
  slowFailure.failed()
  expect(breaker.state).toBe('half-open')
  probe.alive()
  expect(breaker.state).toBe('closed')
})
