/**
 * What SIGKILL cannot show: that the fsyncs come before what they are for. The trace of every change to the disk is followed
 * with a small model of what a power cut would leave.
 */
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { type DiskOp, openDisk } from '../base/files/atomic-file.ts'
import { openLane } from './lane.ts'
import { withRoot } from './testing/temporary-root.ts'

/** Files whose content, and folders whose entries, are not on disk yet. */
function createTrace() {
  const dirty = new Set<string>()
  const unsynced = new Map<string, Set<string>>()
  const touch = (path: string) => {
    const folder = dirname(path)
    unsynced.set(folder, (unsynced.get(folder) ?? new Set()).add(path))
  }
  const faults: string[] = []
  const onStep = (op: DiskOp, path: string, from?: string) => {
    if (path.endsWith('/.heartbeat')) return
    if (op === 'create') touch(path)
    if (op === 'write') dirty.add(path)
    if (op === 'sync') dirty.delete(path)
    if (op === 'sync-directory') unsynced.delete(path)
    if (op === 'rename' && from !== undefined) {
      if (dirty.has(from)) faults.push(`${path} was renamed before its content was on disk`)
      if (/\/(processar|falhas|processados\/\d+|\.tmp\/run[^/]*)$/.test(dirname(path))) touch(path)
      unsynced.get(dirname(from))?.delete(from)
    }
    // Whatever is removed was the way back: what replaces it must be on disk by then.
    if (op === 'unlink' && /(\.closed|\.rejected|manifest\.json|\.progress\/.*)$/.test(path)) {
      for (const [folder, entries] of unsynced) {
        if (/\/(processar|falhas|processados\/\d+)$/.test(folder) && entries.size > 0)
          faults.push(`${path} was removed before ${folder} was on disk`)
      }
    }
  }
  const open = (part: string) =>
    [...dirty, ...[...unsynced].flatMap(([folder, entries]) => (entries.size > 0 ? [folder] : []))].filter((path) => path.includes(part))
  return { onStep, faults, open }
}

test('every acknowledgement comes after the fsyncs it promises, and nothing is removed before its successor is on disk', async () => {
  await withRoot('memory', async (root) => {
    const trace = createTrace()
    const lane = await openLane(
      { root, name: 'leads', linesPerFile: 2, settleMs: 0 },
      { disk: openDisk({ room: 'queue', onStep: trace.onStep }) },
    )
    const staging = await lane.stage('r', 'e', 'insert_leads_in_crm', new Date())
    for (const id of ['1', '2x', '3', '4', '5']) await staging.write(JSON.stringify({ id }))
    await staging.seal('a'.repeat(32), {})
    expect(trace.open('/run.')).toEqual([])
    await staging.commit()
    expect(trace.open('/processar')).toEqual([])

    await lane.enqueue('converted_lead', 'acme', '{"id":"6!"}')
    expect(trace.open('/')).toEqual([])
    const ends: string[] = []
    for await (const claim of lane.claims({ prefixes: ['insert_leads_in_crm', 'converted_lead'], worker: 'w' })) {
      for await (const { index, text } of claim.lines()) {
        if (text.includes('!')) break
        await claim.record(index, text.includes('x') ? { kind: 'dead', code: 'x', reason: 'x', attempts: 1 } : { kind: 'done' })
        expect(trace.open('/.progress')).toEqual([])
      }
      if (claim.name.prefix === 'converted_lead') await claim.reject('x', 'x')
      else ends.push((await claim.finish()).to)
      expect(trace.open('/falhas')).toEqual([])
      expect(trace.open('/processados')).toEqual([])
    }
    expect(ends).toEqual(['falhas', 'processados', 'processados'])
    for await (const { file } of lane.deadLetters()) await lane.requeue(file)
    expect(trace.open('/processar')).toEqual([])
    expect(trace.faults).toEqual([])
    await lane.close()
  })
})
