/**
 * Random histories of two workers against a model in memory: enqueue, claim, record, finish, leave, kill
 * (also in the middle of finish), stop past the lease and wake, recover, requeue. After every command the folders must hold
 * what the model holds.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Disk, openDisk } from '../base/files/atomic-file.ts'
import fc from '../base/testing/fast-check.ts'
import { testSeed } from '../base/testing/random.ts'
import { openLane } from './lane.ts'
import type { Claim, Lane } from './lane.types.ts'
import { idOf, type Place, takeCensus } from './testing/census.ts'
import { type HeldClock, heldClock } from './testing/held-clock.ts'
import { withRoot } from './testing/temporary-root.ts'

const runs = process.env.PONTE_TEST_LONG ? 5000 : 200
const LEASE = 3000

type Kind = 'done' | 'dead'
interface Letter {
  readonly ids: readonly string[]
  readonly outcomes: Map<string, Kind>
}
interface Worker {
  lane: Lane
  clock: ReturnType<HeldClock['process']>
  kill: (afterSteps: number) => void
  claims: AsyncIterator<Claim> | null
  claim: Claim | null
  /** Its letter was taken away while it was stopped. */
  lost: boolean
}
interface World {
  readonly root: string
  readonly clock: HeldClock
  readonly workers: Worker[]
  readonly pending: Map<string, Letter>
  /** Held by a worker, dead or alive. */
  readonly claimed: Map<string, Letter>
  readonly falhas: Map<string, readonly string[]>
  readonly done: Set<string>
  /** Killed in the middle of finish: decided or not, the disk says. */
  readonly unsure: Set<string>
  made: number
}

async function newWorker({ root, clock }: Pick<World, 'root' | 'clock'>): Promise<Worker> {
  const own = clock.process()
  let left = Number.POSITIVE_INFINITY
  const disk: Disk = openDisk({
    room: 'queue',
    onStep: () => {
      if (left-- <= 0) throw Object.assign(new Error('killed'), { code: 'ESTOPPED' })
    },
  })
  const lane = await openLane({ root, name: 'leads', settleMs: 0, leaseMs: LEASE, heartbeatMs: 1000 }, { clock: own, disk })
  const kill = (afterSteps: number) => {
    left = afterSteps
    own.stop()
  }
  return { lane, clock: own, kill, claims: null, claim: null, lost: false }
}

type Command =
  | { do: 'enqueue'; worker: number; lines: number }
  | { do: 'claim' | 'finish' | 'leave' | 'kill' | 'stop' | 'recover' | 'requeue' | 'reject'; worker: number }
  | { do: 'record'; worker: number; line: number; kind: Kind }
  | { do: 'killInFinish'; worker: number; steps: number }

const worker = fc.nat({ max: 1 })
const commands = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('enqueue' as const), worker, lines: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('claim' as const), worker }) },
    {
      weight: 9,
      arbitrary: fc.record({
        do: fc.constant('record' as const),
        worker,
        line: fc.nat({ max: 3 }),
        kind: fc.constantFrom<Kind>('done', 'dead'),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('finish' as const), worker }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('killInFinish' as const), worker, steps: fc.nat({ max: 22 }) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom('leave' as const, 'kill' as const, 'stop' as const, 'recover' as const, 'requeue' as const, 'reject' as const),
        worker,
      }),
    },
  ),
  { minLength: 5, maxLength: 30 },
)

async function apply(world: World, command: Command): Promise<void> {
  const me = world.workers[command.worker] as Worker
  const file = me.claim?.name.file ?? ''
  switch (command.do) {
    case 'enqueue': {
      const ids = Array.from({ length: command.lines }, (_, n) => `${world.made + n + 1}`)
      world.made += command.lines
      const body = ids.map((id) => JSON.stringify({ id })).join('\n')
      world.pending.set(await me.lane.enqueue('converted_lead', 's', body), { ids, outcomes: new Map() })
      return
    }
    case 'claim': {
      if (me.claims !== null) return
      me.claims = me.lane.claims({ prefixes: ['converted_lead'], worker: `w${command.worker}`, limit: 1 })[Symbol.asyncIterator]()
      const next = await me.claims.next()
      // One prefix, one slug: the order of arrival is the order of the names.
      const expected = [...world.pending.keys()].sort()[0]
      expect(next.done ? undefined : next.value.name.file).toBe(expected)
      if (next.done) {
        me.claims = null
        return
      }
      me.claim = next.value
      move(world.pending, world.claimed, next.value.name.file)
      return
    }
    case 'record': {
      if (me.claim === null) return
      const letter = world.claimed.get(file) as Letter
      const open: number[] = []
      if (me.lost) {
        expect(await me.claim.held()).toBe(false)
        await expect(me.claim.record(0, { kind: 'done' })).rejects.toMatchObject({
          code: expect.stringMatching(/^queue\.(claim_lost|bad_record)$/),
        })
        return
      }
      for await (const { index } of me.claim.lines()) open.push(index)
      expect(open.map((index) => letter.ids[index])).toEqual(letter.ids.filter((id) => !letter.outcomes.has(id)))
      const index = open[command.line % Math.max(1, open.length)]
      if (index === undefined) return
      await me.claim.record(index, command.kind === 'done' ? { kind: 'done' } : { kind: 'dead', code: 'x', reason: 'x', attempts: 1 })
      letter.outcomes.set(letter.ids[index] as string, command.kind)
      return
    }
    case 'finish':
      if (me.claim === null) return
      if (me.lost) expect((await me.claim.finish()).to).toBe('lost')
      else {
        const letter = world.claimed.get(file) as Letter
        const finished = await me.claim.finish()
        const count = (kind: Kind | undefined) => letter.ids.filter((id) => letter.outcomes.get(id) === kind).length
        expect(finished).toMatchObject({ done: count('done'), dead: count('dead'), open: count(undefined) })
        settle(world, file)
      }
      return leave(me)
    case 'reject':
      if (me.claim === null) return
      if (me.lost) await expect(me.claim.reject('x', 'x')).rejects.toMatchObject({ code: 'queue.claim_lost' })
      else {
        await me.claim.reject('x', 'x')
        world.falhas.set(file, (world.claimed.get(file) as Letter).ids)
        world.claimed.delete(file)
      }
      return leave(me)
    case 'leave':
      if (me.claim === null) return
      if (!me.lost) move(world.claimed, world.pending, file)
      return leave(me)
    case 'kill':
    case 'killInFinish': {
      if (command.do === 'killInFinish') {
        if (me.claim === null || me.lost) return
        me.kill(command.steps)
        await me.claim.finish().catch(() => undefined)
        // It may have got as far as the last rename, which nobody needs to recover.
        if (existsSync(join(world.root, 'leads', 'processar', file))) move(world.claimed, world.pending, file)
        else world.unsure.add(file)
      }
      me.kill(0)
      // Nothing of this reaches the disk any more; it only closes the dead one's files in this process.
      await leave(me).catch(() => undefined)
      world.workers[command.worker] = await newWorker(world)
      return
    }
    case 'stop':
      // Stopped, taken for dead by the other one, and woken.
      me.clock.stop()
      await recover(world, world.workers[1 - command.worker] as Worker)
      me.clock.go()
      if (me.claim !== null) me.lost = true
      return
    case 'recover':
      return recover(world, me)
    case 'requeue': {
      const dead = [...world.falhas.keys()].sort()[0]
      if (dead === undefined) return
      world.pending.set(await me.lane.requeue(dead), { ids: world.falhas.get(dead) as string[], outcomes: new Map() })
      world.falhas.delete(dead)
    }
  }
}

async function leave(me: Worker): Promise<void> {
  await me.claims?.return?.()
  Object.assign(me, { claims: null, claim: null, lost: false })
}

function move(from: Map<string, Letter>, to: Map<string, Letter>, file: string): void {
  to.set(file, from.get(file) as Letter)
  from.delete(file)
}

function settle(world: World, file: string): void {
  const letter = world.claimed.get(file) as Letter
  if (letter.ids.some((id) => !letter.outcomes.has(id))) {
    move(world.claimed, world.pending, file)
    return
  }
  world.claimed.delete(file)
  const dead = letter.ids.filter((id) => letter.outcomes.get(id) === 'dead')
  if (dead.length > 0) world.falhas.set(file, dead)
  for (const id of letter.ids) if (!dead.includes(id)) world.done.add(id)
}

/** A look, a lease, a look: those that do not beat lose what they hold. */
async function recover(world: World, by: Worker): Promise<void> {
  const nothing = async () => undefined
  await by.lane.recover(nothing)
  await world.clock.advance(LEASE + 1)
  await by.lane.recover(nothing)
  const living = new Set(
    world.workers.filter((each) => each.claim !== null && !each.lost && each.clock.runs()).map((each) => each.claim?.name.file),
  )
  const census = await takeCensus(join(world.root, 'leads'))
  for (const [file, letter] of [...world.claimed]) {
    if (living.has(file)) continue
    const decided = world.unsure.delete(file) && letter.ids.every((id) => census.places.get(id)?.[0] !== 'pending')
    if (decided) settle(world, file)
    else move(world.claimed, world.pending, file)
  }
}

async function check(world: World): Promise<void> {
  const census = await takeCensus(join(world.root, 'leads'))
  expect(census.torn).toEqual([])
  const expected = new Map<string, Place>()
  for (const letter of world.pending.values()) for (const id of letter.ids) expected.set(id, 'pending')
  for (const ids of world.falhas.values()) for (const id of ids) expected.set(id, 'dead')
  for (const id of world.done) expected.set(id, 'done')
  const unsure = new Set([...world.unsure].flatMap((file) => world.claimed.get(file)?.ids ?? []))
  const found = [...census.places].filter(([id]) => !unsure.has(id))
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries([...expected].map(([id, place]) => [id, [place]])))
  for (const id of unsure) expect(census.places.get(id)?.length ?? 0).toBeLessThanOrEqual(1)
}

test(`${runs} random histories agree with the model`, { timeout: runs * 2000 }, async () => {
  const seed = testSeed()
  console.log(`model: seed ${seed}`)
  const total = { histories: 0, lines: 0, once: 0, doubled: 0 }
  await fc.assert(
    fc.asyncProperty(commands, async (history) => {
      await withRoot('memory', async (root) => {
        const clock = heldClock()
        const base = { root, clock }
        const workers = [await newWorker(base), await newWorker(base)]
        const world: World = {
          ...base,
          workers,
          pending: new Map(),
          claimed: new Map(),
          falhas: new Map(),
          done: new Set(),
          unsure: new Set(),
          made: 0,
        }
        for (const command of history) {
          await apply(world, command)
          await check(world)
        }
        // At the end everyone dies; what is left must be found by a stranger and be drained to the last line.
        for (const index of [0, 1]) await apply(world, { do: 'kill', worker: index })
        await recover(world, world.workers[0] as Worker)
        expect(world.claimed.size).toBe(0)
        await check(world)
        const given: string[] = []
        for await (const claim of (world.workers[1] as Worker).lane.claims({ prefixes: ['converted_lead'], worker: 'last' })) {
          for await (const { index, text } of claim.lines()) {
            given.push(idOf(text) as string)
            await claim.record(index, { kind: 'done' })
          }
          await claim.finish()
        }
        const open = [...world.pending.values()].flatMap((letter) => letter.ids.filter((id) => !letter.outcomes.has(id)))
        expect(given.sort()).toEqual(open.sort())
        const { places } = await takeCensus(join(root, 'leads'))
        const many = (count: (n: number) => boolean) => [...places.values()].filter((found) => count(found.length)).length
        total.histories++
        total.lines += world.made
        total.once += many((n) => n === 1)
        total.doubled += many((n) => n > 1)
      })
    }),
    { numRuns: runs, seed },
  )
  const { histories, lines, once, doubled } = total
  console.log(`model: ${histories} histories, ${lines} lines in, ${once} found once, ${doubled} more than once`)
})
