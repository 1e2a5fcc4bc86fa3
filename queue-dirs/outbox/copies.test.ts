/** A backup of a lane in which workers, operators and senders go on: no letter is missed, and each is whole. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openLane } from '../lane.ts'
import type { Lane } from '../lane.types.ts'
import { isCopyName } from './copies.ts'

const prefix = 'insert_leads_in_crm'
let root: string
let lane: Lane
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'ponte-copies-'))
  lane = await openLane({ root: join(root, 'queue'), name: 'leads', leaseMs: 3_000, heartbeatMs: 500 })
})
afterEach(async () => {
  await lane.close()
  rmSync(root, { recursive: true, force: true })
})

/** What a backup holds: place to body. A pause before each read lets the others get on. */
async function copy(pauseMs = 0): Promise<Map<string, string>> {
  const copied = new Map<string, string>()
  await lane.copy(async (name, path) => {
    expect(isCopyName(name)).toBe(true)
    if (pauseMs > 0) await sleep(pauseMs)
    try {
      copied.set(name, readFileSync(path, 'utf8'))
      return true
    } catch {
      return false
    }
  })
  return copied
}
const names = (copied: Map<string, string>, folder: string) => [...copied.keys()].filter((name) => name.startsWith(`${folder}/`))

test('every letter has its place; one in a worker’s hands waits; what nobody acknowledged is left out', async () => {
  const waiting = await lane.enqueue(prefix, 'waits', '{"a":1}')
  const staging = await lane.stage('run1', 'leads.insert', prefix, new Date())
  await staging.write('{"b":1}')
  writeFileSync(join(root, 'queue/leads/processar/mine_x.json'), '{"c":1}', { mode: 0o640 })
  symlinkSync('/etc/passwd', join(root, 'queue/leads/processar/insert_leads_in_crm_link.json'))
  const dead = await lane.enqueue(prefix, 'dead', '{"d":1}\n{"d":2}')
  const held = await lane.enqueue(prefix, 'held', '{"e":1}\n{"e":2}')
  const seen: string[] = []
  for await (const claim of lane.claims({ prefixes: [prefix], worker: 'w' })) {
    seen.push(claim.name.file)
    if (claim.name.file === waiting) continue
    await claim.record(0, { kind: 'done' })
    if (claim.name.file === dead) {
      await claim.record(1, { kind: 'dead', code: 'X', reason: 'x', attempts: 1 })
      await claim.finish()
    }
    if (claim.name.file !== held) continue
    const copied = await copy()
    expect(names(copied, 'processar').sort()).toEqual(
      [`processar/${held}`, `processar/${waiting}`, 'processar/mine_x.json', 'processar/insert_leads_in_crm_link.json'].sort(),
    )
    expect(names(copied, 'falhas').sort()).toEqual([`falhas/${dead}`, `falhas/${dead}.error.json`])
    expect(names(copied, 'processados')).toEqual([expect.stringMatching(new RegExp(`^processados/\\d{8}/${dead}$`))])
    expect(copied.get(`processar/${held}`)).toBe('{"e":1}\n{"e":2}')
    // The outcome of its first line: whoever takes the restored letter is given the second alone.
    expect(names(copied, '.progress').some((name) => name.startsWith(`.progress/${held}`))).toBe(true)
  }
  expect(seen).toContain(held)
  await staging.discard()
})

test('letters that are claimed, given back, ended, refused and requeued meanwhile are all in it', async () => {
  const files = new Set<string>()
  for (let n = 0; n < 60; n++) files.add(await lane.enqueue(prefix, `n${n}`, `{"n":${n}}`))
  let stop = false
  const requeued: string[] = []
  const churn = async (worker: string) => {
    for (let round = 0; !stop; round++)
      for await (const claim of lane.claims({ prefixes: [prefix], worker: `${worker}${round}` })) {
        const turn = (round + claim.name.file.charCodeAt(claim.name.file.length - 7)) % 4
        if (turn === 0) await claim.record(0, { kind: 'done' })
        if (turn === 1) await claim.record(0, { kind: 'dead', code: 'X', reason: 'x', attempts: 1 })
        await claim.finish()
        await sleep(1)
        if (stop) return
      }
  }
  const mend = async () => {
    while (!stop) {
      for await (const { file } of lane.deadLetters()) if (!stop) requeued.push(await lane.requeue(file).catch(() => ''))
      await sleep(2)
    }
  }
  const busy = [churn('a'), churn('b'), mend()]
  const copied = await copy(2)
  stop = true
  await Promise.all(busy)
  const bodies = new Set(
    [...copied].filter(([name]) => !name.startsWith('.progress') && !name.endsWith('.error.json')).map(([, body]) => body.trim()),
  )
  const missing = [...files.keys()].map((_, n) => `{"n":${n}}`).filter((body) => !bodies.has(body))
  expect(missing).toEqual([])
  expect(requeued.length).toBeGreaterThan(0)
})

test('a name that leaves its folder is no name of a copy', () => {
  for (const name of [
    'processar/../../x',
    'processar/a/b.json',
    '../x',
    '.tmp/run/x.json',
    'processar/..',
    'processados/x/y.json',
    'falhas',
  ])
    expect(isCopyName(name), name).toBe(false)
})
