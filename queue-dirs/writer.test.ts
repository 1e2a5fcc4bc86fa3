/** Letters written by a thread: what holds for a lane holds here, and a thread that is lost takes no acknowledgement with it. */
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openLane } from './lane.ts'
import type { Lane } from './lane.types.ts'
import { openWriter, type Writer } from './writer.ts'

let root: string
let writer: Writer
let leads: Lane
let contacts: Lane
const threads: Worker[] = []
const syncs = new Int32Array(new SharedArrayBuffer(8))

beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), 'ponte-writer-')), 'queue')
  threads.length = 0
  writer = openWriter({ root, syncs }, (thread) => void threads.push(thread))
  leads = writer.lane(await openLane({ root, name: 'leads' }))
  contacts = writer.lane(await openLane({ root, name: 'contacts' }))
})
afterEach(async () => {
  await writer.close()
  await leads.close()
  await contacts.close()
  await rm(join(root, '..'), { recursive: true, force: true })
})

const ls = async (lane: string, folder: string) => (await readdir(join(root, lane, folder))).sort()

test('a letter is there, as it was given, when its name is known; each lane has its own', async () => {
  const body = '{"a":"é \\ud83d 💥"}\n'
  const names = await Promise.all([
    ...Array.from({ length: 100 }, (_, n) => leads.enqueue('converted_lead', `company ${n}`, body)),
    contacts.enqueue('inserted_timeline', 'timeline', body),
  ])
  expect(await ls('leads', 'processar')).toEqual(names.slice(0, 100).sort())
  expect(await ls('contacts', 'processar')).toEqual(names.slice(100))
  expect(await readFile(join(root, 'leads', 'processar', names[7]!), 'utf8')).toBe(body)
  // One journal a lane: its folder's entry, one file sync for all letters of one turn, and what showed that a checkpoint is possible.
  expect(syncs[0]).toBeLessThanOrEqual(20)
  expect(syncs[0]).toBeGreaterThanOrEqual(4)
  expect(syncs[1]).toBeGreaterThanOrEqual(2)
})

test('letters keep the order of the calls', async () => {
  const names = await Promise.all(Array.from({ length: 50 }, (_, n) => leads.enqueue('converted_lead', String(n).padStart(2, '0'), '{}')))
  const seen: string[] = []
  for await (const claim of leads.claims({ prefixes: ['converted_lead'], worker: 'w' })) {
    seen.push(claim.name.file)
    await claim.record(0, { kind: 'done' })
    await claim.finish()
  }
  expect(seen).toEqual(names)
})

test('what turns out to be unwanted, or cannot be known, leaves nothing', async () => {
  expect(await leads.enqueueIf(Promise.resolve(false), 'converted_lead', 'a', '{}')).toBeNull()
  await expect(leads.enqueueIf(Promise.reject(new Error('unknown')), 'converted_lead', 'a', '{}')).rejects.toThrow('unknown')
  expect(await leads.enqueueIf(Promise.resolve(true), 'converted_lead', 'a', '{}')).not.toBeNull()
  expect(await ls('leads', 'processar')).toHaveLength(1)
})

test('refusals come back as what they are', async () => {
  await expect(leads.enqueue('../x', 'a', '{}')).rejects.toMatchObject({ code: 'queue.unknown_prefix', hint: expect.any(String) })
  await expect(leads.enqueue('converted_lead', 'a', ' ')).rejects.toMatchObject({ code: 'queue.empty_body' })
})

test('a failure of the disk is told by its code, and the thread lives on', async () => {
  await leads.enqueue('converted_lead', 'a', '{}')
  const folder = join(root, 'leads', 'processar')
  await rename(folder, `${folder}.away`)
  await writeFile(folder, 'not a folder')
  await expect(leads.enqueue('converted_lead', 'b', '{}')).rejects.toMatchObject({ code: 'queue.disk_error' })
  await rm(folder)
  await rename(`${folder}.away`, folder)
  await leads.enqueue('converted_lead', 'c', '{}')
  expect(await ls('leads', 'processar')).toHaveLength(2)
})

test('a thread that ends by surprise fails what it held, and the next letter gets a new one', async () => {
  await leads.enqueue('converted_lead', 'a', '{}')
  let answer = (_: boolean) => {}
  const wanted = new Promise<boolean>((resolve) => {
    answer = resolve
  })
  const held = leads.enqueueIf(wanted, 'converted_lead', 'held', '{}')
  const failed = expect(held).rejects.toMatchObject({ code: 'queue.writer_lost' })
  await sleep(100)
  await threads.at(-1)!.terminate()
  answer(true)
  await failed
  await leads.enqueue('converted_lead', 'b', '{}')
  expect(threads.length).toBeGreaterThan(1)
  expect((await ls('leads', 'processar')).map((name) => name.split('_')[2])).toEqual(['a', 'b'])
})

test('closing waits for what is under way', async () => {
  const names = Promise.all(Array.from({ length: 30 }, () => leads.enqueue('converted_lead', 'a', '{}')))
  await writer.close()
  expect(await names).toHaveLength(30)
  expect(await ls('leads', 'processar')).toHaveLength(30)
  expect(await ls('leads', '.tmp')).toEqual([])
})
