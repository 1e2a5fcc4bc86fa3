/** A disk that is really full: a tmpfs of 1 MiB, and, for machines that may not mount, a real file size limit. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLane } from './lane.ts'
import type { Lane } from './lane.types.ts'
import { takeCensus } from './testing/census.ts'
import { withRoot } from './testing/temporary-root.ts'

const run = promisify(execFile)
const full = { code: 'queue.disk_full', hint: expect.stringContaining('free space') }
const at = new Date('2026-01-01T00:00:00Z')

async function tryMount(): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'ponte-full-'))
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0750', 'tmpfs', folder])
    return folder
  } catch {
    await rm(folder, { recursive: true })
    console.log(
      'LEFT OUT: queue-dirs/disk-full on a real full tmpfs (mounting is not permitted here; run as root). The file size limit below still runs.',
    )
    return null
  }
}

const mounted = await tryMount()
afterAll(async () => {
  if (mounted === null) return
  await run('umount', [mounted])
  await rm(mounted, { recursive: true })
})

if (mounted !== null) {
  describe('on a tmpfs of 1 MiB that is full', () => {
    const ballast = join(mounted, 'ballast')
    const fill = async () => {
      await expect(writeFile(ballast, Buffer.alloc(2 * 1024 * 1024))).rejects.toMatchObject({ code: 'ENOSPC' })
    }
    const free = () => rm(ballast, { force: true })
    const inLane = (folder: string) => readdir(join(mounted, 'queue', 'leads', folder))
    let lane: Lane
    beforeAll(async () => {
      await mkdir(join(mounted, 'queue'), { mode: 0o750 })
      lane = await openLane({ root: join(mounted, 'queue'), name: 'leads', linesPerFile: 100 })
    })

    test('enqueue acknowledges nothing and shows nothing; with room again it works', async () => {
      await lane.enqueue('converted_lead', 'first', '{"id":"w1"}')
      await fill()
      await expect(lane.enqueue('converted_lead', 'second', JSON.stringify({ id: 'w2', filler: 'x'.repeat(5000) }))).rejects.toMatchObject(
        full,
      )
      expect(await inLane('processar')).toHaveLength(1)
      await free()
      await lane.enqueue('converted_lead', 'second', '{"id":"w2"}')
      expect(await inLane('processar')).toHaveLength(2)
    })

    test('a compare that cannot be written is not sealed; its outbox can be discarded on the full disk', async () => {
      const staging = await lane.stage('r1', 'leads.insert', 'insert_leads_in_crm', at)
      await staging.write('{"id":"never"}')
      await fill()
      const write = async () => {
        for (let n = 0; n < 100; n += 1) await staging.write(JSON.stringify({ id: `n${n}`, filler: 'x'.repeat(1000) }))
        await staging.seal('e'.repeat(32), {})
      }
      await expect(write()).rejects.toMatchObject(full)
      await expect(staging.seal('e'.repeat(32), {})).rejects.toMatchObject({ code: 'queue.staging_state' })
      await staging.discard()
      expect((await inLane('.tmp')).filter((name) => name.startsWith('run.'))).toEqual([])
      await free()
    })

    test('a seal that fails is no seal', async () => {
      const staging = await lane.stage('r2', 'leads.insert', 'insert_leads_in_crm', at)
      await staging.write('{"id":"never"}')
      await fill()
      await expect(staging.seal('e'.repeat(32), {})).rejects.toMatchObject(full)
      await staging.discard()
      await free()
      expect(await inLane('processar')).toHaveLength(2)
    })

    test('record and finish acknowledge nothing, and the same claim goes on when there is room', async () => {
      const staging = await lane.stage('r3', 'leads.insert', 'insert_leads_in_crm', at)
      for (const id of ['a', 'b', 'c']) await staging.write(JSON.stringify({ id }))
      await staging.seal('e'.repeat(32), {})
      await staging.commit()
      for await (const claim of lane.claims({ prefixes: ['insert_leads_in_crm'], worker: 'w' })) {
        await fill()
        await expect(claim.record(0, { kind: 'done' })).rejects.toMatchObject(full)
        expect(await claim.held()).toBe(true)
        await free()
        await claim.record(0, { kind: 'done' })
        await claim.record(1, { kind: 'dead', code: 'test.dead', reason: 'x'.repeat(5000), attempts: 1 })
        await claim.record(2, { kind: 'done' })
        await fill()
        await expect(claim.finish()).rejects.toMatchObject(full)
        expect(await inLane('falhas')).toEqual([])
        await free()
        expect(await claim.finish()).toEqual({ done: 2, dead: 1, open: 0, to: 'falhas' })
      }
      const census = await takeCensus(join(mounted, 'queue', 'leads'))
      expect(Object.fromEntries(census.places)).toEqual({ a: ['done'], b: ['dead'], c: ['done'], w1: ['pending'], w2: ['pending'] })
      expect(census.torn).toEqual([])
    })

    test('claiming on a full disk moves no letter', async () => {
      await fill()
      const next = lane
        .claims({ prefixes: ['converted_lead'], worker: 'w' })
        [Symbol.asyncIterator]()
        .next()
      await expect(next).rejects.toMatchObject(full)
      expect(await inLane('processar')).toHaveLength(2)
      await free()
      await lane.close()
    })
  })
}

test('under a real file size limit (prlimit --fsize) nothing is acknowledged and nothing is half visible', async () => {
  await withRoot('disk', async (root) => {
    const child = fileURLToPath(new URL('./testing/limited-child.ts', import.meta.url))
    const { stdout } = await run('prlimit', ['--fsize=4096', process.execPath, child, root])
    const answers = JSON.parse(stdout) as Record<string, string>
    expect(answers).toEqual({
      small: 'did it',
      large: 'queue.disk_full',
      staging: 'queue.disk_full',
      record: 'queue.disk_full',
      recordAgain: 'did it',
      finish: 'queue.disk_full',
    })
    const census = await takeCensus(join(root, 'leads'))
    expect(Object.fromEntries(census.places)).toEqual({ small: ['pending'], x: ['pending'], y: ['pending'] })
    expect(census.torn).toEqual([])
    expect(census.leftovers).toEqual([])
  })
})
