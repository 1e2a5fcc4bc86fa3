/** Editing letters that wait: against workers, foreign writers, other editors, and a stop or a failing disk at every step. */
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openLane } from '../lane.ts'
import type { Lane } from '../lane.types.ts'
import { takeCensus } from '../testing/census.ts'
import { type FaultyDisk, failingDisk, stoppingDisk } from '../testing/faulty-disk.ts'
import { heldClock } from '../testing/held-clock.ts'
import { withRoot } from '../testing/temporary-root.ts'

const prefix = 'converted_lead'
const body = (id: string, value = 'old') => JSON.stringify({ id, value })
const toNew = (text: string) => (text.includes('"old"') ? text.replace('"old"', '"new"') : null)
const open = (root: string, disk: FaultyDisk['disk'] | null = null, clock = heldClock()) =>
  openLane({ root, name: 'leads', settleMs: 0, leaseMs: 3000, heartbeatMs: 1000 }, { clock, ...(disk ? { disk } : {}) })
const waiting = async (root: string) => (await readdir(join(root, 'leads/processar'))).sort()
const read = (root: string, file: string) => readFile(join(root, 'leads/processar', file), 'utf8')
const bodies = async (root: string) => Promise.all((await waiting(root)).map((file) => read(root, file)))

const withLane = (act: (lane: Lane, root: string) => Promise<void>) =>
  withRoot('memory', async (root) => {
    const lane = await open(root)
    await act(lane, root)
    await lane.close()
  })

describe('editWaiting', () => {
  test('changes what the edit wants changed, under the same name, and says how many', () =>
    withLane(async (lane, root) => {
      for (const id of ['1', '2', '3']) await lane.enqueue(prefix, 'acme', body(id, id === '2' ? 'other' : 'old'))
      const before = await waiting(root)
      expect(await lane.editWaiting(prefix, toNew)).toBe(2)
      expect(await waiting(root)).toEqual(before)
      expect(await bodies(root)).toEqual([body('1', 'new'), body('2', 'other'), body('3', 'new')])
      expect(await lane.editWaiting(prefix, toNew)).toBe(0)
      expect((await takeCensus(join(root, 'leads'))).leftovers.filter((path) => !path.includes('desk.'))).toEqual([])
    }))

  test('leaves other prefixes alone, and refuses one that the lane does not have', () =>
    withLane(async (lane, root) => {
      await lane.enqueue('update_leads_in_erp', 'acme', body('1'))
      expect(await lane.editWaiting(prefix, toNew)).toBe(0)
      expect(await bodies(root)).toEqual([body('1')])
      await expect(lane.editWaiting('../x', toNew)).rejects.toMatchObject({ code: 'queue.unknown_prefix' })
    }))

  test('does not touch a letter that a worker holds, and the worker reads what it claimed', () =>
    withLane(async (lane) => {
      await lane.enqueue(prefix, 'acme', body('1'))
      for await (const claim of lane.claims({ prefixes: [prefix], worker: 'w' })) {
        expect(await lane.editWaiting(prefix, toNew)).toBe(0)
        for await (const { index, text } of claim.lines()) {
          expect(text).toBe(body('1'))
          await claim.record(index, { kind: 'done' })
        }
        expect((await claim.finish()).to).toBe('processados')
      }
    }))

  test('a worker that claims at the same time gets every letter once, whole, old or new', () =>
    withLane(async (lane, root) => {
      for (let id = 0; id < 40; id++) await lane.enqueue(prefix, 'acme', body(String(id)))
      const seen: string[] = []
      const work = async () => {
        for await (const claim of lane.claims({ prefixes: [prefix], worker: 'w' })) {
          for await (const { index, text } of claim.lines()) {
            seen.push(JSON.parse(text).id)
            await claim.record(index, { kind: 'done' })
          }
          await claim.finish()
        }
      }
      const [changed] = await Promise.all([lane.editWaiting(prefix, toNew), work(), work()])
      await work()
      expect(changed).toBeGreaterThan(0)
      expect(seen.length).toBe(40)
      expect(new Set(seen).size).toBe(40)
      expect(await waiting(root)).toEqual([])
    }))

  test('two edits at once are both done', () =>
    withLane(async (lane, root) => {
      await lane.enqueue(prefix, 'acme', '{"a":0,"b":0}')
      const set = (name: string) => lane.editWaiting(prefix, (text) => JSON.stringify({ ...JSON.parse(text), [name]: 1 }))
      expect(await Promise.all([set('a'), set('b')])).toEqual([1, 1])
      expect(await bodies(root)).toEqual(['{"a":1,"b":1}'])
    }))

  test('a foreign name gets a unique one, so that its writer may use it again', () =>
    withLane(async (lane, root) => {
      await writeFile(join(root, 'leads/processar/converted_lead_ACME.json'), body('1'))
      expect(await lane.editWaiting(prefix, toNew)).toBe(1)
      const [file] = await waiting(root)
      expect(file).toMatch(/^converted_lead_ACME_\d{4}(_\d{2}){5}_\d{3}_[0-9A-Z]{26}\.json$/)
      expect(await read(root, file!)).toBe(body('1', 'new'))
    }))

  test('what cannot be read is left for its delivery: no UTF-8, a folder, a link to elsewhere', () =>
    withLane(async (lane, root) => {
      const at = (name: string) => join(root, 'leads/processar', name)
      await writeFile(at('converted_lead_1.json'), Buffer.from([0xff, 0x22, 0x6f, 0x6c, 0x64, 0x22]))
      await mkdir(at('converted_lead_2.json'))
      await writeFile(join(root, 'secret'), body('secret'))
      await symlink(join(root, 'secret'), at('converted_lead_3.json'))
      expect(await lane.editWaiting(prefix, toNew)).toBe(0)
      expect(await readFile(join(root, 'secret'), 'utf8')).toBe(body('secret'))
      expect((await waiting(root)).length).toBe(3)
    }))

  test('an edit that throws changes nothing, and the letters are all back', () =>
    withLane(async (lane, root) => {
      await lane.enqueue(prefix, 'acme', body('1'))
      let calls = 0
      const edit = (text: string) => {
        if (++calls === 2) throw new Error('edit')
        return toNew(text)
      }
      await expect(lane.editWaiting(prefix, edit)).rejects.toThrow('edit')
      expect(await bodies(root)).toEqual([body('1')])
    }))
})

describe('stopped, or failed by the disk, at any step', () => {
  /** @returns whether the fault lay behind the last step */
  async function tryOut(faulty: FaultyDisk, survives: boolean): Promise<boolean> {
    return withRoot('memory', async (root) => {
      const publisher = await open(root)
      for (const id of ['1', '2']) await publisher.enqueue(prefix, 'acme', body(id))
      await publisher.close()
      const names = await waiting(root)

      const edited = await open(root, faulty.disk)
        .then((lane) => lane.editWaiting(prefix, toNew))
        .catch(() => null)
      if (!survives) {
        // A process that comes after: looks, waits a lease, looks again.
        const clock = heldClock()
        const lane = await open(root, null, clock)
        await lane.recover(async () => {})
        await clock.advance(3001)
        await lane.recover(async () => {})
        const { leftovers } = await takeCensus(join(root, 'leads'))
        expect({ step: faulty.hit(), leftovers }).toEqual({ step: faulty.hit(), leftovers: [] })
      }
      expect({ step: faulty.hit(), names: await waiting(root) }).toEqual({ step: faulty.hit(), names })
      const now = await bodies(root)
      for (const [index, text] of now.entries()) expect([body(String(index + 1)), body(String(index + 1), 'new')]).toContain(text)
      if (edited !== null) expect(now).toEqual([body('1', 'new'), body('2', 'new')])
      return faulty.hit() === null
    })
  }

  test('each letter is there once, whole, old or new; nothing is left over after recover', async () => {
    let n = 1
    while (!(await tryOut(stoppingDisk(n), false))) n += 1
    expect(n).toBeGreaterThan(20)
  })

  test('after EIO in a living process each letter is waiting again', async () => {
    let n = 1
    while (!(await tryOut(failingDisk(n, 'EIO'), true))) n += 1
    expect(n).toBeGreaterThan(20)
  })
})

test('a probe leaves nothing behind, and tells when the lane cannot take letters', () =>
  withRoot('memory', async (root) => {
    const lane = await open(root)
    await lane.probe()
    await lane.close()
    expect((await takeCensus(join(root, 'leads'))).leftovers).toEqual([])
    let broken = false
    const { disk } = failingDisk(0, 'EROFS')
    const failing = await open(root, {
      ...disk,
      writeNew: (path, data) => (broken ? Promise.reject(new Error('full')) : disk.writeNew(path, data)),
    })
    broken = true
    await expect(failing.probe()).rejects.toThrow('full')
  }))
