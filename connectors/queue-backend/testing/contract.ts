/** What a queue backend promises, as a suite: the same on Redis and on PostgreSQL. */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { nextTick } from '../../../jobs/run/schedule.ts'
import type { BackendOptions } from '../bull.ts'
import type { Handled, Handling, QueueBackend, Tick } from '../queue-backend.ts'

export interface BackendBed {
  /** Another process's view of the same queue. */
  open(options: BackendOptions): Promise<QueueBackend>
  /** Everything in it is lost. */
  wipe(): Promise<void>
  /** Its server answers nothing more on connections that are open. */
  hush(): void
  close(): Promise<void>
}

const saoPaulo = 'America/Sao_Paulo'
const patience = { timeout: 20_000, interval: 20 }
const done: Handled = { kind: 'done', result: {} }

export function testQueueBackend(openBed: () => Promise<BackendBed>): void {
  let bed: BackendBed
  let backend: QueueBackend
  const errors: Error[] = []
  const open = async () => {
    const opened = await bed.open({ nextTick, onError: (error) => void errors.push(error) })
    onTestFinished(() => opened.close())
    return opened
  }
  /** A worker that notes what it is given. */
  const work = async (handle: (tick: Tick, handling: Handling) => Handled | Promise<Handled> = () => done, on = backend) => {
    const seen: (Tick & Handling)[] = []
    const worker = await on.work('test', async (tick, handling) => {
      seen.push({ ...tick, ...handling })
      return handle(tick, handling)
    })
    onTestFinished(() => worker.close())
    await worker.go()
    return { seen, worker }
  }

  beforeAll(async () => {
    bed = await openBed()
  })
  afterAll(() => bed.close())
  beforeEach(async () => {
    await bed.wipe()
    errors.length = 0
    backend = await open()
  })

  describe('schedulers', () => {
    const everySecond = { job: 'often', cron: '* * * * * *', zone: saoPaulo }

    test('stand as they were put, with the time of their next tick, for every process', async () => {
      await backend.put({ job: 'nightly', cron: '30 3 * * *', zone: saoPaulo }, 3)
      const [found, ...more] = await (await open()).standing()
      expect(more).toEqual([])
      expect(found).toEqual({
        job: 'nightly',
        cron: '30 3 * * *',
        zone: saoPaulo,
        next: nextTick({ cron: '30 3 * * *', zone: saoPaulo }, new Date()),
      })
    })

    test('tick by their cron expression, in seconds too', async () => {
      const { seen } = await work()
      await backend.put(everySecond, 0)
      await vi.waitFor(() => expect(seen.length).toBeGreaterThan(2), patience)
      expect(new Set(seen.map(({ job, attempt }) => `${job} ${attempt}`))).toEqual(new Set(['often 1']))
    })

    test('put again, by several at once, are one; put anew with another expression, they follow it', async () => {
      const other = await open()
      await Promise.all([backend.put(everySecond, 0), other.put(everySecond, 0), backend.put(everySecond, 0)])
      expect(await backend.standing()).toHaveLength(1)
      await other.put({ ...everySecond, cron: '0 4 * * *' }, 0)
      expect(await backend.standing()).toEqual([expect.objectContaining({ job: 'often', cron: '0 4 * * *' })])
    })

    test('that were removed tick no more', async () => {
      const { seen } = await work()
      await backend.put(everySecond, 0)
      await vi.waitFor(() => expect(seen.length).toBeGreaterThan(0), patience)
      await backend.remove('often')
      expect(await backend.standing()).toEqual([])
      const count = seen.length
      await backend.put({ ...everySecond, job: 'after' }, 0)
      await vi.waitFor(() => expect(seen.filter(({ job }) => job === 'after').length).toBeGreaterThan(1), patience)
      // One that was under way already may still come.
      expect(seen.filter(({ job }) => job === 'often').length).toBeLessThanOrEqual(count + 1)
    })

    test('tick once for all the time in which nobody worked, and at once', async () => {
      await backend.put(everySecond, 0)
      const next = (await backend.standing())[0]!.next!
      await vi.waitFor(() => expect(Date.now() - next.getTime()).toBeGreaterThan(2_500), patience)
      const begun = Date.now()
      const { seen } = await work()
      await vi.waitFor(() => expect(seen.length).toBeGreaterThan(0), patience)
      const ticksSince = 1 + Math.ceil((Date.now() - begun) / 1_000)
      expect(seen.length).toBeLessThanOrEqual(ticksSince)
    })

    test('that a clock ahead has put a day too late are taken away and put anew: one tick, at its time', async () => {
      const now = Date.now.bind(Date)
      const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 86_400_000)
      onTestFinished(() => clock.mockRestore())
      await backend.put(everySecond, 0)
      clock.mockRestore()
      expect((await backend.standing())[0]!.next!.getTime()).toBeGreaterThan(Date.now() + 80_000_000)
      await backend.remove(everySecond.job)
      await backend.put(everySecond, 0)
      expect((await backend.standing())[0]!.next!.getTime()).toBeLessThan(Date.now() + 60_000)
      const { seen } = await work()
      await vi.waitFor(() => expect(seen.length).toBeGreaterThan(1), patience)
    })

    test.each([
      ['forward', '2026-03-08T06:59:58Z', '30 2 * * *', ['2026-03-08T07:00:00.000Z', '2026-03-09T06:30:00.000Z']],
      ['back', '2026-11-01T05:29:58Z', '30 1 * * *', ['2026-11-01T05:30:00.000Z', '2026-11-02T06:30:00.000Z']],
    ])('tick once when the clocks of New York are set %s', async (_, at, cron, ticks) => {
      const offset = Date.parse(at) - Date.now()
      const now = Date.now.bind(Date)
      const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + offset)
      onTestFinished(() => clock.mockRestore())
      await backend.put({ job: 'clock', cron, zone: 'America/New_York' }, 0)
      expect((await backend.standing())[0]!.next!.toISOString()).toBe(ticks[0])
      const { seen } = await work()
      await vi.waitFor(() => expect(seen).toHaveLength(1), patience)
      await vi.waitFor(async () => expect((await backend.standing())[0]!.next!.toISOString()).toBe(ticks[1]), patience)
      expect(seen).toHaveLength(1)
    })
  })

  test('a queue that was paused through BullMQ hands out ticks again when it is told so, and says whether it was', async () => {
    const { seen } = await work()
    expect(await backend.unpause()).toBe(false)
    await backend.queue.pause()
    await backend.tick({ job: 'held' }, { id: 'held', retries: 0 })
    expect(await backend.unpause()).toBe(true)
    await vi.waitFor(() => expect(seen.map(({ job }) => job)).toEqual(['held']), patience)
  })

  test('a worker that rests takes nothing until it goes on', async () => {
    const { seen, worker } = await work()
    const other = await open()
    const { seen: taken, worker: second } = await work(undefined, other)
    await worker.rest()
    await worker.rest()
    for (let n = 0; n < 5; n++) await backend.tick({ job: 'due' }, { id: `due-${n}`, retries: 0 })
    await vi.waitFor(() => expect(taken.length + seen.length).toBe(5), patience)
    // One that it was already waiting for may still be handed to it.
    expect(seen.length).toBeLessThanOrEqual(1)
    await second.rest()
    await worker.go()
    // The other one may still be handed what it was waiting for when it was told to rest.
    let sent = 0
    await vi.waitFor(async () => {
      sent += 1
      await backend.tick({ job: 'later' }, { id: `later-${sent}`, retries: 0 })
      expect(seen.filter(({ job }) => job === 'later').length).toBeGreaterThan(0)
    }, patience)
    expect(taken.filter(({ job }) => job === 'later').length).toBeLessThanOrEqual(2)
  })

  describe('ticks', () => {
    test('of one id are one as long as it waits or is in hand, and may be given again afterwards', async () => {
      const tick = { job: 'asked', request: 'r1' }
      for (let n = 0; n < 5; n++) await backend.tick(tick, { id: 'r1', retries: 0 })
      const { seen } = await work()
      await vi.waitFor(() => expect(seen).toHaveLength(1), patience)
      expect(seen[0]).toEqual({ ...tick, attempt: 1, takenOver: false })
      await vi.waitFor(async () => {
        await backend.tick(tick, { id: 'r1', retries: 0 })
        expect(seen.length).toBeGreaterThan(1)
      }, patience)
    })

    test('go to one of several workers, and wait for none that is busy', async () => {
      let free = () => {}
      const held = new Promise<void>((resolve) => {
        free = resolve
      })
      const first = await work(({ job }) => (job === 'long' ? held.then(() => done) : done))
      const second = await work(undefined, await open())
      await backend.tick({ job: 'long' }, { id: 'long', retries: 0 })
      for (let n = 0; n < 10; n++) await backend.tick({ job: 'short' }, { id: `short-${n}`, retries: 0 })
      await vi.waitFor(() => {
        expect([...first.seen, ...second.seen].filter(({ job }) => job === 'short')).toHaveLength(10)
      }, patience)
      free()
    })

    test('that shall come again do so, and spend no attempt', async () => {
      const { seen } = await work(() => (seen.length < 3 ? { kind: 'again', afterMs: 10 } : done))
      await backend.tick({ job: 'again' }, { id: 'a', retries: 0 })
      await vi.waitFor(() => expect(seen).toHaveLength(3), patience)
      expect(seen.map(({ attempt }) => attempt)).toEqual([1, 1, 1])
    })

    test('that failed are tried again after the pause that was chosen, as often as they may', async () => {
      const at: number[] = []
      const { seen } = await work(() => {
        at.push(Date.now())
        return { kind: 'retry', afterMs: 300, reason: 'the CRM is away' }
      })
      await backend.tick({ job: 'failing' }, { id: 'f', retries: 2 })
      await vi.waitFor(() => expect(seen).toHaveLength(3), patience)
      expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
      expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(300)
      await backend.tick({ job: 'last' }, { id: 'l', retries: 0 })
      await vi.waitFor(() => expect(seen.at(-1)!.job).toBe('last'), patience)
      expect(seen.filter(({ job }) => job === 'failing')).toHaveLength(3)
    })

    test('that cannot succeed are not tried again', async () => {
      const { seen } = await work(({ job }) => (job === 'wrong' ? { kind: 'failed', reason: 'a guard' } : done))
      await backend.tick({ job: 'wrong' }, { id: 'w', retries: 5 })
      await vi.waitFor(() => expect(seen).toHaveLength(1), patience)
      await backend.tick({ job: 'after' }, { id: 'b', retries: 0 })
      await vi.waitFor(() => expect(seen.map(({ job }) => job)).toEqual(['wrong', 'after']), patience)
    })

    test('a worker that closes waits for what is in hand, and what comes meanwhile is not lost', async () => {
      let ended = false
      let free = () => {}
      const held = new Promise<void>((resolve) => {
        free = resolve
      })
      const { seen, worker } = await work(async () => {
        await held
        ended = true
        return done
      })
      await backend.tick({ job: 'slow' }, { id: 's', retries: 0 })
      await vi.waitFor(() => expect(seen).toHaveLength(1), patience)
      const closing = worker.close()
      await backend.tick({ job: 'next' }, { id: 'n', retries: 0 })
      free()
      await closing
      expect(ended).toBe(true)
      const after = await work()
      await vi.waitFor(() => expect([...seen, ...after.seen].map(({ job }) => job)).toEqual(['slow', 'next']), patience)
    })
  })

  test('wiped in mid-work, it takes schedulers and ticks again, and workers go on', async () => {
    const { seen } = await work()
    await backend.put({ job: 'often', cron: '* * * * * *', zone: saoPaulo }, 0)
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(0), patience)
    await bed.wipe()
    expect(await backend.standing()).toEqual([])
    const before = seen.length
    await backend.put({ job: 'often', cron: '* * * * * *', zone: saoPaulo }, 0)
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(before + 1), patience)
  })
  test('a server that falls silent is given up within a minute: schedules tick and ticks can be given again', async () => {
    const { seen } = await work()
    await backend.put({ job: 'often', cron: '* * * * * *', zone: saoPaulo }, 0)
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(0), patience)
    bed.hush()
    const given = backend
      .tick({ job: 'given' }, { id: 'given', retries: 0 })
      .catch(() => backend.tick({ job: 'given' }, { id: 'given', retries: 0 }))
    const before = seen.length
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(before + 3), { timeout: 60_000, interval: 100 })
    await given
    await vi.waitFor(() => expect(seen.map(({ job }) => job)).toContain('given'), patience)
  }, 120_000)
}
