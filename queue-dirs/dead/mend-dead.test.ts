/** Dealing with dead letters line by line: two operators, damaged sidecars, foreign bytes, and a stop or a failing disk at every step. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openLane } from '../lane.ts'
import type { Lane, LineFate } from '../lane.types.ts'
import { takeCensus } from '../testing/census.ts'
import { type FaultyDisk, failingDisk, stoppingDisk } from '../testing/faulty-disk.ts'
import { heldClock } from '../testing/held-clock.ts'
import { withRoot } from '../testing/temporary-root.ts'

const prefix = 'insert_leads_in_crm'
const line = (id: string, value = 'old') => JSON.stringify({ id, value })
const open = (root: string, disk: FaultyDisk['disk'] | null = null, clock = heldClock()) =>
  openLane({ root, name: 'leads', settleMs: 0, leaseMs: 3000, heartbeatMs: 1000 }, { clock, ...(disk ? { disk } : {}) })
const inFolder = async (root: string, folder: string) => (await readdir(join(root, 'leads', folder))).sort()
const read = (root: string, path: string) => readFile(join(root, 'leads', path), 'utf8')

const withLane = (act: (lane: Lane, root: string) => Promise<void>) =>
  withRoot('memory', async (root) => {
    const lane = await open(root)
    await act(lane, root)
    await lane.close()
  })

/** A letter of which these lines were refused; the first of it was delivered. */
async function bury(lane: Lane, ids: readonly string[]): Promise<string> {
  await lane.enqueue(prefix, 'acme', ['good', ...ids].map((id) => line(id)).join('\n'))
  for await (const claim of lane.claims({ prefixes: [prefix], worker: 'w' })) {
    for await (const { index } of claim.lines())
      await claim.record(index, index === 0 ? { kind: 'done' } : { kind: 'dead', code: `code.${index}`, reason: 'because', attempts: 1 })
    await claim.finish()
    return claim.name.file
  }
  return expect.unreachable()
}

async function mend(lane: Lane, file: string, fates: readonly LineFate[]) {
  return lane.mendDead(file, { version: (await lane.showDead(file)).version, fates })
}

describe('a dead letter of three lines', () => {
  test('is parted: one waits again as the newest, one is put away, one stays with its reason', () =>
    withLane(async (lane, root) => {
      const file = await bury(lane, ['a', 'b', 'c'])
      const before = await lane.describeDead(file)
      const mended = await mend(lane, file, [{ kind: 'again', text: line('a', 'new') }, { kind: 'stay' }, { kind: 'discarded' }])
      expect(mended).toEqual({
        again: expect.stringMatching(/^insert_leads_in_crm_acme_.*\.json$/),
        archived: [expect.any(String)],
        left: 1,
      })
      expect(mended.again! > file).toBe(true)
      expect(await read(root, `processar/${mended.again}`)).toBe(`${line('a', 'new')}\n`)
      expect(await inFolder(root, 'falhas')).toEqual([file, `${file}.error.json`])
      const shown = await lane.showDead(file)
      expect(shown.lines).toEqual([{ text: line('b'), reason: { line: 3, code: 'code.2', reason: 'because', attempts: 1 } }])
      expect(shown.letter.failedAt).toBe(before!.failedAt)
      const [day] = await inFolder(root, 'processados')
      expect(mended.archived[0]).toMatch(/\.discarded\.json$/)
      expect(await read(root, `processados/${day}/${mended.archived[0]}`)).toBe(`${line('c')}\n`)
      // What was delivered of it lies there under the letter's own name, and still does.
      expect(await read(root, `processados/${day}/${file}`)).toBe(`${line('good')}\n`)
      expect((await takeCensus(join(root, 'leads'))).leftovers.filter((path) => !path.includes('desk.'))).toEqual([])
    }))

  test('leaves nothing in falhas when nothing stays', () =>
    withLane(async (lane, root) => {
      const file = await bury(lane, ['a', 'b'])
      expect(await mend(lane, file, [{ kind: 'superseded' }, { kind: 'again' }])).toMatchObject({ left: 0 })
      expect(await inFolder(root, 'falhas')).toEqual([])
    }))

  test('edited and left where it is, says so beside its reason', () =>
    withLane(async (lane) => {
      const file = await bury(lane, ['a', 'b'])
      expect(await mend(lane, file, [{ kind: 'stay' }, { kind: 'stay', text: line('b', 'new') }])).toEqual({
        again: null,
        archived: [],
        left: 2,
      })
      const { lines } = await lane.showDead(file)
      expect(lines!.map(({ text }) => text)).toEqual([line('a'), line('b', 'new')])
      expect(lines!.map(({ reason }) => [reason.code, reason.editedAt !== undefined])).toEqual([
        ['code.1', false],
        ['code.2', true],
      ])
    }))

  test('is dealt with by one of two operators; the other is told, and changes nothing', () =>
    withLane(async (lane, root) => {
      const file = await bury(lane, ['a', 'b'])
      const { version } = await lane.showDead(file)
      const again = { version, fates: [{ kind: 'again' }, { kind: 'again' }] } as const
      const both = await Promise.allSettled([lane.mendDead(file, again), lane.mendDead(file, again), lane.requeue(file)])
      expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const one of both) if (one.status === 'rejected') expect(one.reason.code).toBe('queue.no_such_letter')
      expect(await inFolder(root, 'processar')).toHaveLength(1)
      expect(await inFolder(root, 'falhas')).toEqual([])
    }))

  test('that somebody changed since it was looked at stays as it is now', () =>
    withLane(async (lane) => {
      const file = await bury(lane, ['a'])
      const { version } = await lane.showDead(file)
      await mend(lane, file, [{ kind: 'stay', text: line('a', 'theirs') }])
      await expect(lane.mendDead(file, { version, fates: [{ kind: 'stay', text: line('a', 'mine') }] })).rejects.toMatchObject({
        code: 'queue.letter_changed',
      })
      expect((await lane.showDead(file)).body).toBe(`${line('a', 'theirs')}\n`)
    }))
})

describe('letters that hands or disks have touched', () => {
  test.each([
    ['no sidecar', null],
    ['a sidecar cut in half', '{"file": "x", "failedAt": "2026-01-01T00:00:00Z", "lin'],
    ['a sidecar of another shape', '{"lines": 7}'],
    ['a sidecar whose lines are none', '{"file": "x", "failedAt": "2026-01-01T00:00:00Z", "lines": [null, {"line": "one"}]}'],
  ])('%s: every line is shown, with no reason, and can be requeued', (_, sidecar) =>
    withLane(async (lane, root) => {
      const file = await bury(lane, ['a', 'b'])
      const path = join(root, 'leads/falhas', `${file}.error.json`)
      await (sidecar === null ? rm(path) : writeFile(path, sidecar))
      const shown = await lane.showDead(file)
      expect(shown.lines!.map(({ text, reason }) => [text, reason.line, reason.code])).toEqual([
        [line('a'), 1, 'UNKNOWN'],
        [line('b'), 2, 'UNKNOWN'],
      ])
      expect(await mend(lane, file, [{ kind: 'again' }, { kind: 'stay' }])).toMatchObject({ left: 1 })
      expect((await lane.showDead(file)).lines).toMatchObject([{ text: line('b'), reason: { line: 2 } }])
    }),
  )

  test('bytes that are no text can be put away whole, unchanged', () =>
    withLane(async (lane, root) => {
      const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x00])
      await writeFile(join(root, 'leads/falhas/insert_leads_in_crm_x.json'), bytes)
      const shown = await lane.showDead('insert_leads_in_crm_x.json')
      expect(shown.lines).toBeNull()
      const { archived } = await lane.mendDead('insert_leads_in_crm_x.json', { version: shown.version, fates: 'discarded' })
      const [day] = await inFolder(root, 'processados')
      expect(await readFile(join(root, 'leads/processados', day!, archived[0]!))).toEqual(bytes)
      expect(await inFolder(root, 'falhas')).toEqual([])
    }))

  test('a name that no job takes, or that is too long, is refused before anything moves', () =>
    withLane(async (lane, root) => {
      for (const name of ['shopping_list.json', `converted_lead_${'x'.repeat(200)}.json`]) {
        await writeFile(join(root, 'leads/falhas', name), line('a'))
        await expect(mend(lane, name, [{ kind: 'again' }])).rejects.toMatchObject({ code: 'queue.no_such_letter' })
      }
      expect(await inFolder(root, 'falhas')).toHaveLength(2)
    }))

  test.each(['../processar/x.json', '/etc/passwd', '.hidden.json', 'x.json.error.json', 'x\0.json', 'nothing.json'])(
    'no path leads out of falhas: %s',
    (name) =>
      withLane(async (lane) => {
        await expect(lane.mendDead(name, { version: '', fates: 'discarded' })).rejects.toMatchObject({ code: 'queue.no_such_letter' })
      }),
  )
})

describe('a page of names', () => {
  test('is oldest first, goes on behind a mark, and counts what matches', () =>
    withLane(async (lane, root) => {
      await mkdir(join(root, 'leads/falhas/a-folder.json'))
      const name = (minute: number) => `${prefix}_x_2026_01_01_00_${String(minute).padStart(2, '0')}_00_000_01ARZ3NDEKTSV4RRFFQ69G5FAV.json`
      for (const minute of [5, 1, 4, 2, 3]) await writeFile(join(root, 'leads/falhas', name(minute)), '{}')
      await writeFile(join(root, 'leads/falhas/shopping_list.json'), '{}')
      const first = await lane.deadNames({ prefixes: [prefix], limit: 2 })
      expect(first).toMatchObject({ matching: 5, names: [{ file: name(1), prefix }, { file: name(2) }] })
      const second = await lane.deadNames({ prefixes: [prefix], limit: 2, after: first.names[1]! })
      expect(second.names.map(({ file }) => file)).toEqual([name(3), name(4)])
      // The letter that the mark names may be gone by then.
      await rm(join(root, 'leads/falhas', name(4)))
      expect((await lane.deadNames({ limit: 9, after: second.names[1]! })).names.map(({ file }) => file)).toEqual([
        name(5),
        'shopping_list.json',
      ])
      const old = await lane.deadNames({ arrivedBefore: Date.parse('2026-01-01T00:03:00Z'), limit: 9 })
      expect(old.names.map(({ file }) => file)).toEqual([name(1), name(2)])
    }))
})

describe('stopped, or failed by the disk, at any step', () => {
  const fates: readonly LineFate[] = [
    { kind: 'again', text: line('a', 'new') },
    { kind: 'stay', text: line('b', 'new') },
    { kind: 'discarded' },
  ]

  /** @returns whether the fault lay behind the last step */
  async function tryOut(faulty: FaultyDisk, emptied: boolean): Promise<boolean> {
    return withRoot('memory', async (root) => {
      const before = await open(root)
      const file = await bury(before, ['a', 'b', 'c'])
      const { version } = await before.showDead(file)
      await before.close()
      const plan = { version, fates: emptied ? fates.map((fate) => (fate.kind === 'stay' ? { kind: 'again' as const } : fate)) : fates }
      const mended = await open(root, faulty.disk)
        .then((lane) => lane.mendDead(file, plan))
        .catch(() => null)
      // A process that comes after: looks, waits a lease, looks again.
      const clock = heldClock()
      const lane = await open(root, null, clock)
      await lane.recover(async () => {})
      await clock.advance(3001)
      await lane.recover(async () => {})
      const step = faulty.hit()
      const { places, torn, leftovers } = await takeCensus(join(root, 'leads'))
      expect({ step, leftovers, torn }).toEqual({ step, leftovers: [], torn: [] })
      const undone = { a: ['dead'], b: ['dead'], c: ['dead'] }
      const done = { a: ['pending'], b: [emptied ? 'pending' : 'dead'], c: ['done'] }
      const now = Object.fromEntries(['a', 'b', 'c'].map((id) => [id, places.get(id)]))
      if (mended !== null) expect({ step, now }).toEqual({ step, now: done })
      else expect([undone, done], `${step}`).toContainEqual(now)
      return faulty.hit() === null
    })
  }

  test.each([false, true])(
    'every line is in one place, all of it was done or nothing; nothing is left over (emptied: %s)',
    async (emptied) => {
      let n = 1
      while (!(await tryOut(stoppingDisk(n), emptied))) n += 1
      expect(n).toBeGreaterThan(20)
    },
  )

  test('the same when the disk fails once (EIO) and the process lives on', async () => {
    let n = 1
    while (!(await tryOut(failingDisk(n, 'EIO'), false))) n += 1
    expect(n).toBeGreaterThan(20)
  })
})
