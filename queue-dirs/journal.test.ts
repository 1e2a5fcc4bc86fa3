/**
 * Letters whose only fsync is their journal's. A power cut is played: what was not synced is taken away, or torn, and the journal is said
 * to come from before the machine started. Power itself was never cut.
 */
import { mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type DiskOp, openDisk } from '../base/atomic-file.ts'
import { openJournal } from './journal.ts'
import { booted, dropped, kept, readRecords } from './journal-record.ts'
import { openLane } from './lane.ts'
import type { Lane } from './lane.types.ts'
import { heldClock } from './testing/held-clock.ts'
import { withRoot } from './testing/temporary-root.ts'

const timing = { name: 'leads', leaseMs: 3000, heartbeatMs: 1000 } as const
const nothing = async () => undefined

interface Bed {
  readonly root: string
  /** In the lane's folder. */
  path(...parts: string[]): string
  ls(...parts: string[]): Promise<string[]>
  readonly steps: { op: DiskOp; path: string }[]
  /** The next changes of this kind fail. */
  fail(op: DiskOp | null): void
  readonly lane: Lane
  /** The lane's process is dead and the machine was started anew: what another process finds, and leaves. */
  afterPowerCut(): Promise<Lane>
}

function withJournal(act: (bed: Bed) => Promise<void>): Promise<void> {
  return withRoot('memory', async (root) => {
    const steps: Bed['steps'] = []
    let failing: DiskOp | null = null
    const disk = openDisk({
      room: 'queue',
      onStep: (op, path) => {
        steps.push({ op, path })
        if (op === failing) throw Object.assign(new Error('EIO: made up'), { code: 'EIO' })
      },
    })
    const clock = heldClock()
    const own = clock.process()
    const lane = await openLane({ root, ...timing, journal: true }, { disk, clock: own })
    const path = (...parts: string[]) => join(root, 'leads', ...parts)
    const ls = async (...parts: string[]) => (await readdir(path(...parts))).sort()
    await act({
      root,
      path,
      ls,
      steps,
      fail: (op) => {
        failing = op
      },
      lane,
      async afterPowerCut() {
        own.stop()
        for (const desk of await ls('.tmp'))
          for (const file of await ls('.tmp', desk)) {
            if (!file.startsWith('journal.')) continue
            const text = await readFile(path('.tmp', desk, file), 'latin1')
            await writeFile(path('.tmp', desk, file), text.replace(/^boot .*/, 'boot of-yesterday'), 'latin1')
          }
        const other = await openLane({ root, ...timing }, { clock: clock.process() })
        await other.recover(nothing)
        await clock.advance(3001)
        await other.recover(nothing)
        return other
      },
    })
    await lane.close()
  })
}

const put = (lane: Lane, n: number | string) => lane.enqueue('converted_lead', `company ${n}`, JSON.stringify({ n, é: '\ud83d💥\n' }))

test('letters of one turn share one fdatasync, which comes before the first of them shows', async () => {
  await withJournal(async ({ lane, steps, ls }) => {
    const names = await Promise.all(Array.from({ length: 50 }, (_, n) => put(lane, n)))
    expect(await ls('processar')).toEqual(names.sort())
    const ops = steps.map(({ op, path }) => (path.includes('/journal.') ? `journal ${op}` : op))
    expect(ops.filter((op) => op === 'journal sync').length).toBeLessThan(5)
    expect(ops.indexOf('journal sync')).toBeLessThan(ops.indexOf('rename'))
    expect(ops).not.toContain('sync')
  })
})

test('a power cut takes nothing that was acknowledged: gone, empty and torn letters come back as they were', async () => {
  await withJournal(async ({ lane, path, ls, afterPowerCut }) => {
    const names = await Promise.all(Array.from({ length: 8 }, (_, n) => put(lane, n)))
    const bodies = await Promise.all(names.map((name) => readFile(path('processar', name), 'utf8')))
    await rm(path('processar', names[0]!))
    await truncate(path('processar', names[1]!))
    await truncate(path('processar', names[2]!), 5)
    await writeFile(path('processar', names[3]!), '\0'.repeat(20))
    await afterPowerCut()
    expect(await ls('processar')).toEqual([...names].sort())
    expect(await Promise.all(names.map((name) => readFile(path('processar', name), 'utf8')))).toEqual(bodies)
    expect(await ls('.tmp')).toEqual([])
  })
})

test('letters that moved on since stay where they are; torn there, they are made whole there', async () => {
  await withJournal(async ({ lane, path, ls, afterPowerCut }) => {
    const [done, dead, held, closing, edited] = (await Promise.all([1, 2, 3, 4, 5].map((n) => put(lane, n)))) as [
      string,
      string,
      string,
      string,
      string,
    ]
    const body = await readFile(path('processar', done), 'utf8')
    await mkdir(path('processados', '20260304'))
    await mkdir(path('processando', 'w.1'))
    await rename(path('processar', done), path('processados', '20260304', done))
    await truncate(path('processados', '20260304', done), 3)
    await rename(path('processar', dead), path('falhas', dead))
    await rename(path('processar', held), path('processando', 'w.1', held))
    // A worker was at step 2 of closing it with a dead line (closing.ts).
    await rename(path('processar', closing), path('processando', 'w.1', `${closing}.closed`))
    await writeFile(path('processando', 'w.1', `${closing}.dead`), body)
    await writeFile(path('processando', 'w.1', `${closing}.error`), '{}')
    await writeFile(path('processar', edited), '{"by":"hand"}')
    const other = await afterPowerCut()
    expect(await readFile(path('processados', '20260304', done), 'utf8')).toBe(body)
    expect(await ls('falhas')).toEqual([dead, closing, `${closing}.error.json`])
    expect(await readFile(path('processar', edited), 'utf8')).toBe('{"by":"hand"}')
    // The seat was nobody's either, so its letter was given back; none of the five is there twice.
    expect(await ls('processar')).toEqual([held, edited].sort())
    await other.close()
  })
})

test('what was not wanted, or could not be acknowledged, does not come back', async () => {
  await withJournal(async ({ lane, ls, afterPowerCut }) => {
    const name = await put(lane, 1)
    expect(await lane.enqueueIf(Promise.resolve(false), 'converted_lead', 'repeat', '{}')).toBeNull()
    await put(lane, 2)
    expect(await ls('processar')).toHaveLength(2)
    await afterPowerCut()
    expect(await ls('processar')).toHaveLength(2)
    expect(await ls('processar')).toContain(name)
  })
})

test('a killed process is not a power cut: the disk is synced, and nothing is looked for or written', async () => {
  await withRoot('memory', async (root) => {
    const clock = heldClock()
    const own = clock.process()
    const lane = await openLane({ root, ...timing, journal: true }, { clock: own })
    const name = await put(lane, 1)
    own.stop()
    // An operator took it away meanwhile: it stays away.
    await rm(join(root, 'leads', 'processar', name))
    const steps: DiskOp[] = []
    const disk = openDisk({ room: 'queue', onStep: (op) => void steps.push(op) })
    const other = await openLane({ root, ...timing }, { clock: clock.process(), disk })
    steps.length = 0
    await other.recover(nothing)
    await clock.advance(3001)
    await other.recover(nothing)
    expect(steps).toContain('sync-file-system')
    expect(steps).not.toContain('create')
    expect(await readdir(join(root, 'leads', 'processar'))).toEqual([])
    expect(await readdir(join(root, 'leads', '.tmp'))).toEqual([])
    await lane.close()
  })
})

test('a closed lane leaves no journal, and removes it after the file system was synced', async () => {
  await withJournal(async ({ lane, steps, ls }) => {
    await put(lane, 1)
    await lane.close()
    const end = steps.map(({ op, path }) => (path.includes('/journal.') ? `journal ${op}` : op))
    expect(end.lastIndexOf('sync-file-system')).toBeGreaterThan(end.lastIndexOf('rename'))
    expect(end.indexOf('journal unlink')).toBeGreaterThan(end.lastIndexOf('sync-file-system'))
    expect(await ls('.tmp')).toEqual([])
  })
})

test('a segment waits for a letter that nobody has judged yet', async () => {
  await withJournal(async ({ lane, ls }) => {
    let answer = (_: boolean) => {}
    const wanted = new Promise<boolean>((resolve) => {
      answer = resolve
    })
    const open = lane.enqueueIf(wanted, 'converted_lead', 'acme', '{"n":1}')
    await put(lane, 2)
    const [desk] = await ls('.tmp')
    const journals = async () => (await ls('.tmp', desk!)).filter((name) => name.startsWith('journal.'))
    await expect.poll(journals).toEqual(['journal.000001'])
    answer(true)
    expect(await open).not.toBeNull()
    await lane.close()
    expect(await ls('.tmp')).toEqual([])
  })
})

test('a write that fails is told to those it was for; the next letters get a new segment', async () => {
  await withJournal(async ({ lane, fail, ls, afterPowerCut }) => {
    await put(lane, 1)
    fail('sync')
    await expect(put(lane, 2)).rejects.toMatchObject({ code: 'queue.disk_error' })
    fail(null)
    await put(lane, 3)
    expect(await ls('processar')).toHaveLength(2)
    const other = await afterPowerCut()
    // The second may be in the journal, so it may come back; nothing else may.
    expect((await ls('processar')).filter((name) => !name.includes('company-2'))).toHaveLength(2)
    await other.close()
  })
})

test('a checkpoint that fails keeps the journal, and letters go to another desk', async () => {
  await withJournal(async ({ lane, fail, path, ls, afterPowerCut }) => {
    const name = await put(lane, 1)
    fail('sync-file-system')
    await lane.close()
    const [desk] = await ls('.tmp')
    expect(await ls('.tmp', desk!)).toContain('journal.000001.unsound')
    fail(null)
    await rm(path('processar', name))
    await afterPowerCut()
    expect(await ls('processar')).toEqual([name])
  })
})

test('where the system has no `sync -f`, each letter has its own fsync', async () => {
  await withJournal(async ({ lane, fail, steps }) => {
    fail('sync-file-system')
    await put(lane, 1)
    expect(steps.filter(({ op }) => op === 'sync')).toHaveLength(1)
    expect(steps.some(({ path }) => path.includes('/journal.'))).toBe(false)
  })
})

test('a journal that was cut anywhere vouches for the letters before the cut, exactly as they were', () => {
  const letter = fc.tuple(fc.stringMatching(/^[a-z0-9_]{1,20}\.json$/), fc.string({ unit: 'binary', maxLength: 40 }))
  fc.assert(
    fc.property(fc.array(fc.tuple(letter, fc.boolean()), { maxLength: 8 }), fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
      const parts = given.map(([[name, body], gone]) => ({ bytes: gone ? dropped(name) : kept(name, body), name, body, gone }))
      const whole = Buffer.concat([booted('b1'), ...parts.map(({ bytes }) => bytes)])
      const cut = whole.subarray(0, Math.floor(whole.length * share))
      const wanted = new Map<string, string>()
      let end = booted('b1').length
      for (const { bytes, name, body, gone } of parts) {
        end += bytes.length
        // The newline at the end of a body is only there for people.
        if (end - (gone ? 0 : 1) > cut.length) break
        if (gone) wanted.delete(name)
        else wanted.set(name, Buffer.from(body).toString('utf8'))
      }
      const letters = new Map<string, string>()
      readRecords(cut, letters)
      expect([...letters].sort()).toEqual([...wanted].sort())
    }),
  )
})

test('what is erased leaves a journal too: it goes with its segment, which is waited for', () =>
  withRoot('memory', async (root) => {
    const lane = await openLane({ root, ...timing, journal: true })
    const disk = openDisk({ room: 'queue' })
    const desk = join(root, 'leads/.tmp/desk.01')
    await mkdir(desk)
    const journal = await openJournal(disk, desk, { bytes: 8_000_000, ms: 1_500 })
    // As a living `ponte api` has it: the letter lies in processar, its copy here.
    const name = await lane.enqueue('update_leads_in_erp', 'x', '{"who":"gone"}')
    const { published } = await journal!.write(`${desk}/${name}`, name, '{"who":"gone"}')
    await published()
    const segment = (await readdir(desk)).find((file) => file.startsWith('journal.'))!
    expect(await readFile(join(desk, segment), 'utf8')).toContain('gone')
    await rm(join(desk, name))
    const began = performance.now()
    const erased = await lane.erase({ isMeant: (_prefix, text) => text.includes('gone'), dryRun: false })
    expect(erased).toMatchObject({ waiting: 1, inHand: 0, unread: [] })
    expect(performance.now() - began).toBeGreaterThan(1_000)
    expect((await readdir(desk)).filter((file) => file.startsWith('journal.'))).toEqual([])
    await journal!.close()
    await lane.close()
  }))
