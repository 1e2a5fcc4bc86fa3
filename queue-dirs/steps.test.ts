/**
 * Stops the process (or fails the disk) at every single change to the disk of one whole day in the life of a lane, then
 * recovers and checks (D3.4). The scenario counts its own steps, so a step that is added is tested too.
 */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openLane } from './lane.ts'
import type { Claim, Lane, LineOutcome, Manifest } from './lane.types.ts'
import { idOf, takeCensus } from './testing/census.ts'
import { type FaultyDisk, failingDisk, stoppingDisk } from './testing/faulty-disk.ts'
import { heldClock } from './testing/held-clock.ts'
import { withRoot } from './testing/temporary-root.ts'

const at = new Date('2026-03-04T05:06:07.008Z')
const hash = 'a'.repeat(32)
const prefixes = ['insert_leads_in_crm', 'converted_lead']

interface Ledger {
  /** Acknowledged: seal or enqueue has resolved. */
  readonly accepted: Set<string>
  /** Acknowledged outcomes. */
  readonly recorded: Map<string, LineOutcome['kind']>
  /** Runs whose changes `recover` was asked to record again. */
  readonly rerecorded: string[]
}
const newLedger = (): Ledger => ({ accepted: new Set(), recorded: new Map(), rerecorded: [] })

const fate = (id: string): 'done' | 'dead' | 'open' | 'reject' =>
  id.endsWith('!') ? 'reject' : id.endsWith('x') ? 'dead' : id.endsWith('?') ? 'open' : 'done'
const line = (id: string) => JSON.stringify({ id })

/** `attempts` 1: the first error ends it (a crash). More: tries again as a real caller would. */
async function day(lane: Lane, ledger: Ledger, attempts: number): Promise<void> {
  const persist = async <T>(act: (attempt: number) => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await act(attempt)
      } catch (error) {
        if (attempt >= attempts) throw error
      }
    }
  }
  const ids = ['1', '2x', '3', '4', '5x', '6?', '7']
  const staging = await persist(async (attempt) => {
    const outbox = await lane.stage(`r${attempt}`, 'leads.insert', 'insert_leads_in_crm', at)
    try {
      for (const id of ids) await outbox.write(line(id))
      await outbox.seal(hash, { queued: ids.length })
    } catch (error) {
      await outbox.discard().catch(() => undefined)
      throw error
    }
    return outbox
  })
  for (const id of ids) ledger.accepted.add(id)
  await persist(() => staging.commit())
  for (const id of ['8', '9x', '10!']) {
    await persist(() => lane.enqueue('converted_lead', 'acme', line(id)))
    ledger.accepted.add(id)
  }
  await persist(() => deliverAll(lane, ledger))
  await persist(async () => {
    for await (const letter of lane.deadLetters()) {
      if (letter.file.startsWith('converted_lead')) await lane.requeue(letter.file)
    }
  })
}

async function deliverAll(lane: Lane, ledger: Ledger): Promise<void> {
  for await (const claim of lane.claims({ prefixes, worker: 'w' })) await deliver(claim, ledger)
}

async function deliver(claim: Claim, ledger: Ledger): Promise<void> {
  for await (const { index, text } of claim.lines()) {
    const id = idOf(text) as string
    const outcome = fate(id)
    if (outcome === 'reject') return claim.reject('test.poison', 'poison')
    // A requeued letter is new; apart from that nothing that was recorded may ever be given out again.
    if (!claim.name.file.startsWith('converted_lead')) expect(ledger.recorded.has(id), `line ${id} was given out again`).toBe(false)
    if (outcome === 'open') continue
    await claim.record(index, outcome === 'done' ? { kind: 'done' } : { kind: 'dead', code: 'test.dead', reason: 'dead', attempts: 1 })
    ledger.recorded.set(id, outcome)
  }
  await claim.finish()
}

const open = (root: string, disk: FaultyDisk['disk'] | null, clock = heldClock()) =>
  openLane({ root, name: 'leads', linesPerFile: 3, settleMs: 0, leaseMs: 3000, heartbeatMs: 1000 }, { clock, ...(disk ? { disk } : {}) })

/** A process that comes after: looks, waits a lease, looks again (the dead one has this process's pid, so only the lease can tell). */
async function recover(root: string, ledger: Ledger): Promise<Lane> {
  const clock = heldClock()
  const lane = await open(root, null, clock)
  const record = async (manifest: Manifest, lines: AsyncIterable<{ text: string }>) => {
    ledger.rerecorded.push(manifest.run)
    for await (const { text } of lines) expect(idOf(text)).not.toBeNull()
  }
  await lane.recover(record)
  await clock.advance(3001)
  await lane.recover(record)
  return lane
}

async function check(root: string, ledger: Ledger, step: string): Promise<void> {
  const census = await takeCensus(join(root, 'leads'))
  expect({ step, torn: census.torn }).toEqual({ step, torn: [] })
  for (const id of ledger.accepted) expect({ step, id, places: census.places.get(id)?.length }).toEqual({ step, id, places: 1 })
  for (const [id, places] of census.places) expect({ step, id, places: places.length }).toEqual({ step, id, places: 1 })
}

/** sidecars are swept by age; here the clock is held, so they alone may stay. */
const notSidecars = (names: readonly string[]) => names.filter((name) => !name.endsWith('.error.json'))

async function stopAt(n: number): Promise<boolean> {
  return withRoot('memory', async (root) => {
    const ledger = newLedger()
    const faulty = stoppingDisk(n)
    let survived = false
    try {
      await day(await open(root, faulty.disk), ledger, 1)
      survived = faulty.hit() === null
    } catch {
      // The expectation inside `deliver` fails later as well, in the drain below.
    }
    const lane = await recover(root, ledger)
    const step = `stopped at ${n}: ${faulty.hit()}`
    await check(root, ledger, step)
    const census = await takeCensus(join(root, 'leads'))
    expect({ step, left: notSidecars(census.leftovers) }).toEqual({ step, left: [] })

    await deliverAll(lane, ledger)
    await check(root, ledger, step)
    const after = await takeCensus(join(root, 'leads'))
    for (const [id, kind] of ledger.recorded) {
      const letterIsOpen = after.places.get(id)?.[0] === 'pending'
      if (!letterIsOpen) expect({ step, id, place: after.places.get(id)?.[0] }).toEqual({ step, id, place: kind })
    }
    return survived
  })
}

async function failAt(n: number, code: string): Promise<boolean> {
  return withRoot('memory', async (root) => {
    const ledger = newLedger()
    const faulty = failingDisk(n, code)
    const clock = heldClock()
    const lane = await open(root, faulty.disk, clock).catch(() => open(root, faulty.disk, clock))
    await day(lane, ledger, 3)
    const step = `${code} at ${n}: ${faulty.hit()}`
    await check(root, ledger, step)
    const census = await takeCensus(join(root, 'leads'))
    // Nothing that was not acknowledged may show.
    expect({ step, ids: [...census.places.keys()].sort() }).toEqual({ step, ids: [...ledger.accepted].sort() })
    return faulty.hit() === null
  })
}

describe('a lane through which seven lines and three webhooks pass', () => {
  test('loses and doubles nothing when it is stopped at any step', async () => {
    let n = 1
    while (!(await stopAt(n))) n += 1
    console.log(`stopped at each of ${n - 1} steps`)
    expect(n).toBeGreaterThan(80)
  })

  test.each(process.env.PONTE_TEST_LONG ? ['EIO', 'ENOSPC', 'EROFS'] : ['EIO'])(
    'acknowledges nothing that %s kept from the disk, at any step',
    async (code) => {
      let n = 1
      while (!(await failAt(n, code))) n += 1
      console.log(`${code} at each of ${n - 1} steps`)
      expect(n).toBeGreaterThan(80)
    },
  )
})
