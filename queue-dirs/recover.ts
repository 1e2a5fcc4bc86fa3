/** Brings a lane to rest after crashes. Safe at any time, beside live workers and publishers, and by several at once. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { PonteError } from '../base/error.ts'
import { SIDECAR } from './claim/closing.ts'
import type { Watcher } from './claim/heartbeat.ts'
import { recoverSeats } from './claim/stale-seats.ts'
import type { House } from './house.ts'
import type { Lane, Manifest } from './lane.types.ts'
import { exists, namesIn } from './layout.ts'
import { filesIn } from './letter/files-in.ts'
import { takeOverJournal } from './outbox/journal-of-0-2.ts'
import { DESK, MANIFEST, TAKEN } from './outbox/outbox.ts'
import { outboxName, publish, removeFolder } from './outbox/staging.ts'

type Record = Parameters<Lane['recover']>[0]
type Recovered = Awaited<ReturnType<Lane['recover']>>

export async function recoverLane(house: House, watcher: Watcher, record: Record): Promise<Recovered> {
  const outboxes = await recoverOutboxes(house, watcher, record)
  const claims = await recoverSeats(house, watcher, { wait: true })
  await sweepSidecars(house)
  return { ...outboxes, claims }
}

async function recoverOutboxes(house: House, watcher: Watcher, record: Record): Promise<{ manifests: number; discarded: number }> {
  const { tmp } = house.layout
  const alive = new Set<string>()
  const total = { manifests: 0, discarded: 0 }
  for (;;) {
    let silent = false
    const names = await namesIn(tmp)
    watcher.keepOnly(tmp, new Set(names.map((name) => `${tmp}/${name}`)))
    for (const name of names) {
      if (alive.has(name)) continue
      const state = await stateOf(watcher, tmp, name)
      if (state === 'alive') alive.add(name)
      if (state === 'silent') silent = true
      if (state !== 'dead') continue
      const ended = await endOutbox(house, name, record)
      if (ended === 'published') total.manifests += 1
      if (ended === 'discarded') total.discarded += 1
    }
    if (!silent) return total
    await house.clock.sleep(Math.max(5, house.heartbeatMs / 2))
  }
}

/** What was taken away has no owner any more; a plain file here is nobody's (a hand put it, or an older version). */
const stateOf = (watcher: Watcher, tmp: string, name: string) =>
  name.startsWith(TAKEN) ? ('dead' as const) : watcher.look(`${tmp}/${name}`)

/**
 * Takes the folder away from its owner first, by rename: a publisher that wakes up finds nothing under the name it knows, so it
 * can neither seal half of its files nor write into a folder that is being emptied.
 */
async function endOutbox(house: House, name: string, record: Record): Promise<'published' | 'discarded' | 'nothing'> {
  const { disk, layout } = house
  const folder = name.startsWith(TAKEN) ? `${layout.tmp}/${name}` : `${layout.tmp}/${TAKEN}${house.nextId()}.${name}`
  if (!name.startsWith(TAKEN) && !(await disk.rename(`${layout.tmp}/${name}`, folder))) return 'nothing'
  if (!(await stat(folder).catch(() => null))?.isDirectory()) {
    await disk.unlink(folder)
    return 'nothing'
  }
  const manifest = await readManifest(folder)
  if (manifest === null) {
    const isDesk = ownName(name).startsWith(DESK)
    if (isDesk) await takeOverJournal(house, folder)
    await removeFolder(house, folder)
    return isDesk ? 'nothing' : 'discarded'
  }
  await record(manifest, linesOf(folder, manifest))
  await publish(house, folder, manifest)
  return 'published'
}

/** The name that its owner gave it: without `.taken.<id>.` in front. */
const ownName = (name: string) => (name.startsWith(TAKEN) ? name.split('.').slice(3).join('.') : name)

/** null when the run was never sealed (a manifest appears whole, by rename). */
async function readManifest(folder: string): Promise<Manifest | null> {
  const text = await readFile(`${folder}/${MANIFEST}`, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  try {
    const manifest = JSON.parse(text) as Manifest
    outboxName(manifest.run, manifest.entity)
    return manifest
  } catch (cause) {
    throw new PonteError('queue.manifest_damaged', `a manifest in ${folder} cannot be read`, {
      hint: 'the disk changed it after it was written: keep the folder, check the disk, and run the compare again',
      cause,
    })
  }
}

/** Files that are gone were renamed into processar by an earlier try, which had recorded them before. */
async function* linesOf(folder: string, manifest: Manifest): AsyncGenerator<{ file: string; index: number; text: string }> {
  for (const { name, md5 } of manifest.files) {
    const path = `${folder}/${name}`
    if (!(await exists(path))) continue
    if ((await md5Of(path)) !== md5) {
      throw new PonteError('queue.manifest_damaged', `a file of run ${manifest.run} differs from its manifest`, {
        hint: 'the disk changed it after it was written: keep the folder, check the disk, and run the compare again',
      })
    }
    let index = 0
    for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      yield { file: name, index, text }
      index += 1
    }
  }
}

async function md5Of(path: string): Promise<string> {
  const hash = createHash('md5')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Sidecars whose letter is gone: a requeue was stopped between its two steps, or a woken worker wrote one in vain. */
async function sweepSidecars(house: House): Promise<void> {
  const { disk, layout, leaseMs } = house
  const closing = new Set<string>()
  for (const seat of await namesIn(layout.processando))
    for (const name of await namesIn(`${layout.processando}/${seat}`)) closing.add(name.replace(/\.json\..*$/, '.json'))
  for await (const name of filesIn(house, layout.falhas)) {
    if (!name.endsWith(SIDECAR)) continue
    const letter = name.slice(0, -SIDECAR.length)
    const path = `${layout.falhas}/${name}`
    // A worker that is closing this letter right now has its sidecar out before the letter; ctime is the time of that rename.
    const info = await stat(path).catch(() => null)
    if (info === null || Date.now() - info.ctimeMs < leaseMs || closing.has(letter)) continue
    if (!(await exists(`${layout.falhas}/${letter}`))) await disk.unlink(path)
  }
}
