import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type LaneOptions, openLane } from './lane.ts'
import type { Claim, Lane } from './lane.types.ts'

let root: string
let lane: Lane
const open = (options: Partial<LaneOptions> = {}) => openLane({ root, name: 'leads', settleMs: 0, ...options })
beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), 'ponte-lane-')), 'queue')
  lane = await open()
})
afterEach(async () => {
  await lane.close()
  await rm(join(root, '..'), { recursive: true, force: true })
})

const at = new Date('2026-01-02T03:04:05.678Z')
const hash = '0123456789abcdef0123456789abcdef'
const inLane = (...parts: string[]) => join(root, 'leads', ...parts)
const ls = async (folder: string) => (await readdir(inLane(folder))).sort()
const done = { kind: 'done' } as const
const dead = (code = 'crm.rejected') => ({ kind: 'dead', code, reason: 'the CRM said no', attempts: 1, httpStatus: 400 }) as const

async function publish(lines: readonly string[], run = 'r1', prefix = 'insert_leads_in_crm') {
  const staging = await lane.stage(run, prefix, prefix, at)
  for (const line of lines) await staging.write(line)
  const manifest = await staging.seal(hash, { queued: lines.length })
  await staging.commit()
  return manifest
}
async function texts(claim: Claim): Promise<string[]> {
  const found: string[] = []
  for await (const line of claim.lines()) found.push(line.text)
  return found
}
const take = (prefixes: readonly string[] = ['insert_leads_in_crm', 'update_leads_in_erp', 'converted_lead'], more = {}) =>
  lane.claims({ prefixes, worker: 'w', ...more })

describe('the folders', () => {
  test('are made 0750 with the names that operators know', async () => {
    expect((await readdir(inLane())).sort()).toEqual(['.progress', '.tmp', 'falhas', 'processados', 'processando', 'processar'])
    for (const folder of [root, inLane(), inLane('processar'), inLane('.tmp')]) expect((await stat(folder)).mode & 0o777).toBe(0o750)
  })

  test.each([0o755, 0o751, 0o754])('a root of mode %o is refused, with what to do', async (mode) => {
    await chmod(root, mode)
    await expect(open()).rejects.toMatchObject({
      code: 'queue.readable_by_others',
      exitCode: 2,
      hint: expect.stringContaining('chmod 0750'),
    })
  })

  test('a lane folder that others may read is refused too', async () => {
    await chmod(inLane(), 0o755)
    await expect(open()).rejects.toMatchObject({ code: 'queue.readable_by_others' })
  })

  test.each([[{ linesPerFile: 0 }], [{ heartbeatMs: 20_000 }], [{ prefixes: ['converted'] }], [{ prefixes: ['../x'] }]])(
    '%j is refused',
    async (options) => {
      await expect(open(options)).rejects.toMatchObject({ code: 'queue.bad_options' })
    },
  )
})

describe('enqueue', () => {
  test('gives one letter, 0640, with a unique name and the body as it came', async () => {
    const body = '{"Lead":{"Company":"Café & Filhos, Ltda."}}'
    const names = await Promise.all(Array.from({ length: 50 }, () => lane.enqueue('update_leads_in_erp', 'Café & Filhos, Ltda.', body)))
    expect(new Set(names).size).toBe(50)
    for (const name of names) expect(name).toMatch(/^update_leads_in_erp_Cafe_Filhos_Ltda_\d{4}(_\d{2}){5}_\d{3}_[0-9A-Z]{26}\.json$/)
    expect(await readFile(inLane('processar', names[0] as string), 'utf8')).toBe(body)
    expect((await stat(inLane('processar', names[0] as string))).mode & 0o777).toBe(0o640)
  })

  test.each(['../../../etc/passwd', '..', '/', '\0', '💥', 'a'.repeat(500), '.hidden', 'x.json'])(
    'the slug %j stays inside processar',
    async (slug) => {
      const name = await lane.enqueue('converted_lead', slug, '{}')
      expect(await ls('processar')).toEqual([name])
      expect(name).toMatch(/^converted_lead_[A-Za-z0-9_-]{1,60}_\d{4}_/)
    },
  )

  test('an unknown prefix and an empty body are refused, and nothing is left', async () => {
    await expect(lane.enqueue('../x', 'a', '{}')).rejects.toMatchObject({ code: 'queue.unknown_prefix' })
    await expect(lane.enqueue('converted_lead', 'a', ' \n')).rejects.toMatchObject({ code: 'queue.empty_body' })
    expect(await ls('processar')).toEqual([])
  })

  test('of a letter that turns out to be unwanted leaves nothing, and shows nothing before that is known', async () => {
    let answer = (_: boolean) => {}
    const waiting = new Promise<boolean>((resolve) => {
      answer = resolve
    })
    const first = lane.enqueueIf(waiting, 'converted_lead', 'a', '{}')
    await lane.enqueue('converted_lead', 'b', '{}')
    expect(await ls('processar')).toHaveLength(1)
    answer(false)
    expect(await first).toBeNull()
    await expect(lane.enqueueIf(Promise.reject(new Error('unknown')), 'converted_lead', 'c', '{}')).rejects.toThrow('unknown')
    const wanted = await lane.enqueueIf(Promise.resolve(true), 'converted_lead', 'd', '{}')
    expect(await ls('processar')).toContain(wanted)
    expect(await ls('processar')).toHaveLength(2)
    const [desk] = await readdir(inLane('.tmp'))
    expect((await readdir(inLane('.tmp', desk!))).filter((name) => name.endsWith('.json'))).toEqual([])
  })

  test('goes on when somebody removed the folder of its desk', async () => {
    await lane.enqueue('converted_lead', 'a', '{}')
    for (const desk of await readdir(inLane('.tmp'))) await rm(inLane('.tmp', desk), { recursive: true })
    await Promise.all(Array.from({ length: 10 }, () => lane.enqueue('converted_lead', 'b', '{}')))
    expect(await ls('processar')).toHaveLength(11)
  })

  test('keeps the order of the calls when the wall clock is set back', async () => {
    let clock = Date.parse('2026-05-05T12:00:00Z')
    const other = await open({ now: () => clock })
    const names: string[] = []
    for (const step of [0, 0, -3_600_000, 1, -1]) {
      clock += step
      names.push(await other.enqueue('converted_lead', `s${names.length}`, '{}'))
    }
    const seen: string[] = []
    for await (const claim of take()) {
      seen.push(claim.name.file)
      await claim.record(0, done)
      await claim.finish()
    }
    expect(seen).toEqual(names)
    await other.close()
  })
})

describe('staging', () => {
  test('cuts files at linesPerFile, names them after batch, run time and number, and shows them only at commit', async () => {
    lane = await open({ linesPerFile: 3 })
    const staging = await lane.stage('run-1', 'leads.insert', 'insert_leads_in_crm', at)
    for (let n = 0; n < 7; n += 1) await staging.write(`{"n":${n}}`)
    const manifest = await staging.seal(hash, { queued: 7 })
    expect(manifest).toMatchObject({ run: 'run-1', entity: 'leads.insert', meta: { queued: 7 } })
    expect(manifest.files.map((file) => [file.name, file.lines])).toEqual(
      [3, 3, 1].map((lines, i) => [`insert_leads_in_crm_${hash}_2026_01_02_03_04_05_678_000${i + 1}.json`, lines]),
    )
    expect(await ls('processar')).toEqual([])
    await staging.commit()
    await staging.commit()
    expect(await ls('processar')).toEqual(manifest.files.map((file) => file.name))
    expect(await ls('.tmp')).toEqual([])
    expect(await readFile(inLane('processar', manifest.files[2]?.name ?? ''), 'utf8')).toBe('{"n":6}\n')
  })

  test('an empty run seals and commits to nothing', async () => {
    expect((await publish([])).files).toEqual([])
    expect(await ls('processar')).toEqual([])
    expect(await ls('.tmp')).toEqual([])
  })

  test('discard leaves nothing; a sealed outbox cannot be discarded', async () => {
    const first = await lane.stage('r', 'e', 'insert_leads_in_crm', at)
    await first.write('{}')
    await first.discard()
    expect(await ls('.tmp')).toEqual([])
    const second = await lane.stage('r', 'e', 'insert_leads_in_crm', at)
    await second.write('{}')
    await second.seal(hash, {})
    await expect(second.discard()).rejects.toMatchObject({ code: 'queue.staging_state' })
    await expect(second.write('{}')).rejects.toMatchObject({ code: 'queue.staging_state' })
    await second.commit()
  })

  test('two entities of one run do not meet; the same entity twice is refused', async () => {
    const first = await lane.stage('r', 'leads.update', 'update_leads_in_crm', at)
    const second = await lane.stage('r', 'leads.insert', 'insert_leads_in_crm', at)
    await expect(lane.stage('r', 'leads.update', 'update_leads_in_crm', at)).rejects.toMatchObject({ code: 'queue.run_exists' })
    await first.discard()
    await second.discard()
  })

  test.each(['../up', 'a/b', '', '.hidden', 'a..b', 'x'.repeat(81)])('the run id %j is refused', async (run) => {
    await expect(lane.stage(run, 'e', 'insert_leads_in_crm', at)).rejects.toMatchObject({ code: 'queue.bad_run' })
  })

  test('a line with a line break is refused and spoils the outbox', async () => {
    const staging = await lane.stage('r', 'e', 'insert_leads_in_crm', at)
    await expect(staging.write('{}\n{}')).rejects.toMatchObject({ code: 'queue.bad_line' })
    await expect(staging.seal(hash, {})).rejects.toMatchObject({ code: 'queue.staging_state' })
    await staging.discard()
  })
})

describe('a claim', () => {
  test('all done: archived under the day, nothing left behind', async () => {
    const { files } = await publish(['{"n":0}', '{"n":1}'])
    for await (const claim of take()) {
      expect(claim).toMatchObject({ worker: 'w', name: { file: files[0]?.name, prefix: 'insert_leads_in_crm', arrivedAt: at.getTime() } })
      expect(await texts(claim)).toEqual(['{"n":0}', '{"n":1}'])
      await Promise.all([claim.record(0, done), claim.record(1, done)])
      expect(await claim.held()).toBe(true)
      expect(await claim.finish()).toEqual({ done: 2, dead: 0, open: 0, to: 'processados' })
      expect(await claim.held()).toBe(false)
    }
    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '')
    expect(await ls(`processados/${day}`)).toEqual(files.map((file) => file.name))
    for (const folder of ['processar', 'processando', 'falhas', '.progress']) expect(await ls(folder)).toEqual([])
  })

  test('some dead: bad lines with their reasons in falhas, good ones archived', async () => {
    const { files } = await publish(['{"n":0}', '{"n":1}', '{"n":2}', '{"n":3}'])
    const name = files[0]?.name ?? ''
    for await (const claim of take()) {
      await claim.record(0, done)
      await claim.record(1, dead())
      await claim.record(2, done)
      await claim.record(3, dead('crm.not_found'))
      expect(await claim.finish()).toEqual({ done: 2, dead: 2, open: 0, to: 'falhas' })
    }
    expect(await ls('falhas')).toEqual([name, `${name}.error.json`])
    const shown = await lane.showDead(name)
    expect(shown.body).toBe('{"n":1}\n{"n":3}\n')
    expect(shown.letter.lines).toEqual([
      { line: 2, code: 'crm.rejected', reason: 'the CRM said no', attempts: 1, httpStatus: 400 },
      { line: 4, code: 'crm.not_found', reason: 'the CRM said no', attempts: 1, httpStatus: 400 },
    ])
    const day = (await ls('processados'))[0] as string
    expect(await readFile(inLane('processados', day, name), 'utf8')).toBe('{"n":0}\n{"n":2}\n')
    expect((await stat(inLane('falhas', name))).mode & 0o777).toBe(0o640)
    for (const folder of ['processar', 'processando', '.progress']) expect(await ls(folder)).toEqual([])
  })

  test('some open: goes back with its progress, is not taken twice by one loop, and only the rest is yielded next time', async () => {
    await publish(['a', 'b', 'c'])
    let letters = 0
    for await (const claim of take()) {
      letters += 1
      await claim.record(1, dead())
      expect(await claim.finish()).toEqual({ done: 0, dead: 1, open: 2, to: 'processar' })
    }
    expect(letters).toBe(1)
    for await (const claim of take()) {
      expect(await texts(claim)).toEqual(['a', 'c'])
      await claim.record(0, done)
      await claim.record(2, done)
      expect(await claim.finish()).toEqual({ done: 2, dead: 1, open: 0, to: 'falhas' })
    }
  })

  test('left without an end (break, throw) goes back', async () => {
    await publish(['a'])
    for await (const _ of take()) break
    await expect(
      (async () => {
        for await (const _ of take()) throw new Error('consumer')
      })(),
    ).rejects.toThrow('consumer')
    expect(await ls('processar')).toHaveLength(1)
    expect(await ls('processando')).toEqual([])
  })

  test('rejected as a whole: falhas at once, byte for byte', async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x0a, 0x00])
    await writeFile(inLane('processar', `insert_leads_in_crm_${hash}_2026_01_02_03_04_05_678_0001.json`), bytes)
    for await (const claim of take()) {
      const error = await texts(claim).catch((e: unknown) => e as { code: string })
      expect(error).toMatchObject({ code: 'queue.not_utf8' })
      await claim.reject('queue.not_utf8', 'not UTF-8')
      await expect(claim.record(0, done)).rejects.toMatchObject({ code: 'queue.claim_ended' })
    }
    const [name, sidecar] = await ls('falhas')
    expect(sidecar).toBe(`${name}.error.json`)
    expect(await readFile(inLane('falhas', name as string))).toEqual(bytes)
    for (const folder of ['processar', 'processando', '.progress']) expect(await ls(folder)).toEqual([])
  })

  test('a poison letter does not stop its neighbours, and is not lost when the consumer fails on it', async () => {
    await writeFile(inLane('processar', `insert_leads_in_crm_${hash}_2020_01_02_03_04_05_678_0001.json`), Buffer.from([0xff]))
    await publish(['a'])
    const seen: string[] = []
    for await (const claim of take()) {
      const lines = await texts(claim).catch(() => null)
      if (lines === null) await claim.reject('queue.not_utf8', 'x')
      else {
        seen.push(...lines)
        await claim.record(0, done)
        await claim.finish()
      }
    }
    expect(seen).toEqual(['a'])
    expect(await ls('falhas')).toHaveLength(2)
  })

  test('a line is recorded once, and only lines that exist', async () => {
    await publish(['a', 'b'])
    for await (const claim of take()) {
      await claim.record(0, done)
      await expect(claim.record(0, dead())).rejects.toMatchObject({ code: 'queue.bad_record' })
      await expect(claim.record(7, done)).rejects.toMatchObject({ code: 'queue.bad_record' })
      const both = await Promise.allSettled([claim.record(1, done), claim.record(1, dead())])
      expect(both.map((each) => each.status)).toEqual(['fulfilled', 'rejected'])
    }
  })

  test('one object over several lines is one line; blank lines are none', async () => {
    await lane.enqueue('update_leads_in_erp', 'acme', '{\n  "Lead": 1\n}\n')
    for await (const claim of take()) {
      expect(await texts(claim)).toEqual(['{\n  "Lead": 1\n}'])
      await claim.record(0, done)
      await claim.finish()
    }
    await publish(['a', '', 'b'])
    for await (const claim of take()) {
      const indexes: number[] = []
      for await (const line of claim.lines()) indexes.push(line.index)
      expect(indexes).toEqual([0, 2])
    }
  })
})

test('an empty letter is a fault that is named, and is never archived as done', async () => {
  await publish(['a'])
  const [file] = await ls('processar')
  await writeFile(join(root, 'leads', 'processar', file!), '')
  for await (const claim of take()) {
    const fault = await claim
      .lines()
      [Symbol.asyncIterator]()
      .next()
      .catch((error: unknown) => error)
    expect(fault).toMatchObject({ code: 'queue.empty_letter' })
    await expect(claim.finish()).rejects.toMatchObject({ code: 'queue.empty_letter' })
    await claim.reject('queue.empty_letter', 'it is empty')
  }
  expect(await ls('processados')).toEqual([])
  expect(await ls('falhas')).toEqual([file, `${file}.error.json`])
})

describe('claims', () => {
  test('of several hands share one look at the folder; what is held stays held when nothing more waits', async () => {
    for (const id of ['a', 'b', 'c']) await lane.enqueue('converted_lead', id, JSON.stringify({ id }))
    const letters = lane.claims({ prefixes: ['converted_lead'], worker: 'w', hands: 2 })[Symbol.asyncIterator]()
    const next = async () => (await letters.next()).value as Claim
    const [first, second] = [await next(), await next()]
    expect([await first.held(), await second.held()]).toEqual([true, true])
    const third = await next()
    expect([await first.held(), await second.held(), await third.held()], 'the oldest is given back').toEqual([false, true, true])
    await second.record(0, done)
    expect((await second.finish()).to).toBe('processados')
    expect(await letters.next(), 'what was given back is not taken again').toMatchObject({ done: true })
    expect(await third.held()).toBe(true)
    await third.record(0, done)
    expect((await third.finish()).to).toBe('processados')
    await letters.return!()
    expect(await ls('processar')).toEqual([first.name.file])
    expect(await ls('processando')).toEqual([])
  })

  test('come in order of arrival, then number, not in directory order, across windows', async () => {
    lane = await open({ linesPerFile: 1, windowSize: 4 })
    const expected: string[] = []
    for (let n = 0; n < 30; n += 1) expected.push(...(await publishAt(n)))
    expect(expected).toHaveLength(60)
    const seen: string[] = []
    for await (const claim of take()) {
      seen.push((await texts(claim))[0] as string)
      await claim.record(0, done)
      await claim.finish()
    }
    expect(seen).toEqual(expected)

    async function publishAt(n: number) {
      // Later runs first: directory order and publishing order are both wrong.
      const when = new Date(at.getTime() + (n % 2 === 0 ? n : n) * 1000)
      const staging = await lane.stage(`run${n}`, 'e', 'insert_leads_in_crm', when)
      const lines = [`${n}-a`, `${n}-b`]
      for (const line of lines) await staging.write(line)
      await staging.seal(hash.replaceAll('0', 'fedcba9876543210'[n % 16] as string), {})
      await staging.commit()
      return lines
    }
  })

  test('a limit leaves the remainder in processar', async () => {
    for (let n = 0; n < 5; n += 1) await lane.enqueue('converted_lead', `c${n}`, '{}')
    for await (const claim of take(['converted_lead'], { limit: 2 })) {
      await claim.record(0, done)
      await claim.finish()
    }
    expect(await ls('processar')).toHaveLength(3)
  })

  test('an aborted signal stops between letters', async () => {
    for (let n = 0; n < 3; n += 1) await lane.enqueue('converted_lead', `c${n}`, '{}')
    const controller = new AbortController()
    let letters = 0
    for await (const claim of take(['converted_lead'], { signal: controller.signal })) {
      letters += 1
      controller.abort()
      await claim.record(0, done)
      await claim.finish()
    }
    expect(letters).toBe(1)
  })

  test('concurrent workers never hold the same letter', async () => {
    for (let n = 0; n < 40; n += 1) await lane.enqueue('converted_lead', `c${n}`, `{"n":${n}}`)
    const lanes = await Promise.all(Array.from({ length: 4 }, () => open()))
    const seen: string[] = []
    await Promise.all(
      lanes.map(async (each, index) => {
        for await (const claim of each.claims({ prefixes: ['converted_lead'], worker: `w${index}` })) {
          seen.push(...(await texts(claim)))
          await claim.record(0, done)
          await claim.finish()
        }
      }),
    )
    expect(seen).toHaveLength(40)
    expect(new Set(seen).size).toBe(40)
    expect(await ls('processando')).toEqual([])
  })

  test('old names are taken, under a fresh unique name, so the same name can come again at once', async () => {
    const old = 'lead_descartada_Acme_Ltda.json'
    await writeFile(inLane('processar', old), '{"v":1}')
    const seen: string[] = []
    for await (const claim of take(['lead_descartada'])) {
      await writeFile(inLane('processar', old), `{"v":${seen.length + 2}}`)
      expect(claim.name.file).toMatch(/^lead_descartada_Acme_Ltda_\d{4}_.*_[0-9A-Z]{26}\.json$/)
      seen.push(...(await texts(claim)))
      await claim.record(0, done)
      await claim.finish()
      if (seen.length === 3) break
    }
    expect(seen).toEqual(['{"v":1}', '{"v":2}', '{"v":3}'])
    expect(await ls('processar')).toEqual([old])
  })

  test("Spark's *_in_app names are claimed by their *_in_crm prefix", async () => {
    await writeFile(inLane('processar', `insert_leads_in_app_${hash}_2024_05_25_09_30_00.json`), 'a\nb\n')
    for await (const claim of take(['insert_leads_in_crm'])) {
      expect(claim.name).toMatchObject({ prefix: 'insert_leads_in_crm', arrivedAt: Date.UTC(2024, 4, 25, 9, 30) })
      expect(await texts(claim)).toEqual(['a', 'b'])
    }
  })

  test('foreign names are taken only when asked for; unknown ones are counted, never lost', async () => {
    await writeFile(inLane('processar', '2024 converted_lead (copy) ção.json'), '{}')
    await writeFile(inLane('processar', 'who knows.json'), '{}')
    await writeFile(inLane('processar', 'notes.txt'), '')
    for await (const _ of take(['converted_lead'])) throw new Error('not asked for')
    let taken = 0
    for await (const claim of take(['converted_lead'], { foreign: true })) {
      taken += 1
      await claim.record(0, done)
      await claim.finish()
    }
    expect(taken).toBe(1)
    expect(await ls('processar')).toEqual(['notes.txt', 'who knows.json'])
    expect(await lane.counts()).toEqual([{ folder: 'processar', prefix: 'unknown', files: 2, oldest: expect.any(Number) }])
  })

  test('a symbolic link is never followed', async () => {
    await writeFile(join(root, 'secret'), 'TOKEN')
    await symlink(join(root, 'secret'), inLane('processar', 'converted_lead.json'))
    await mkdir(inLane('processar', 'converted_lead_dir.json'))
    for await (const _ of take(['converted_lead'], { foreign: true })) throw new Error('taken')
  })

  test('a name that is not ours is left alone while it may still be written', async () => {
    lane = await open({ settleMs: 60_000 })
    const path = inLane('processar', 'converted_lead_Acme_01-06-2024_10-00-00.json')
    await writeFile(path, '{"whole":1}')
    for await (const _ of take(['converted_lead'])) throw new Error('taken too early')
    const before = new Date(Date.now() - 61_000)
    await utimes(path, before, before)
    let taken = 0
    for await (const _ of take(['converted_lead'])) taken += 1
    expect(taken).toBe(1)
  })

  test('an unknown prefix is refused', async () => {
    await expect(take(['nothing_such'])[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'queue.unknown_prefix' })
  })
})

describe('dead letters', () => {
  const fail = async () => {
    const name = await lane.enqueue('converted_lead', 'acme', '{"Lead":1}')
    for await (const claim of take(['converted_lead'])) {
      await claim.record(0, dead())
      await claim.finish()
    }
    return name
  }

  test('are listed with their reasons', async () => {
    const name = await fail()
    const listed = []
    for await (const letter of lane.deadLetters()) listed.push(letter)
    expect(listed).toEqual([
      { lane: 'leads', file: name, failedAt: expect.any(String), lines: [expect.objectContaining({ line: 1, code: 'crm.rejected' })] },
    ])
  })

  test('requeue gives a fresh name of the same prefix and the same slug, and starts without progress', async () => {
    const name = await fail()
    const fresh = await lane.requeue(name)
    expect(fresh).not.toBe(name)
    expect(fresh).toMatch(/^converted_lead_acme_/)
    expect(await ls('falhas')).toEqual([])
    for await (const claim of take(['converted_lead'])) expect(await texts(claim)).toEqual(['{"Lead":1}'])
  })

  test('only one of two who requeue it at once succeeds', async () => {
    const name = await fail()
    const both = await Promise.allSettled([lane.requeue(name), lane.requeue(name)])
    expect(both.filter((each) => each.status === 'fulfilled')).toHaveLength(1)
    expect(await ls('processar')).toHaveLength(1)
  })

  test.each(['../processar/x.json', '/etc/passwd', 'nothing.json', '', '.json', 'a\0.json', 'x.json.error.json'])(
    '%j is no letter',
    async (file) => {
      await expect(lane.requeue(file)).rejects.toMatchObject({ code: 'queue.no_such_letter' })
      await expect(lane.showDead(file)).rejects.toMatchObject({ code: 'queue.no_such_letter' })
    },
  )
})

describe('counts and purge', () => {
  test('count per folder and prefix with the oldest arrival', async () => {
    await publish(['a'])
    await publish(['a'], 'r2', 'update_leads_in_crm')
    for await (const _ of take(['update_leads_in_crm'])) {
      expect(await lane.counts()).toEqual([
        { folder: 'processando', prefix: 'update_leads_in_crm', files: 1, oldest: at.getTime() },
        { folder: 'processar', prefix: 'insert_leads_in_crm', files: 1, oldest: at.getTime() },
      ])
    }
  })

  test('purge deletes whole days that are older, and nothing else', async () => {
    for (const day of ['20260101', '20260110', '20260111', '20260201', 'keep-me']) await mkdir(inLane('processados', day))
    expect(await lane.purge(5, new Date('2026-01-16T00:00:00Z'))).toBe(2)
    expect(await ls('processados')).toEqual(['20260111', '20260201', 'keep-me'])
    await expect(lane.purge(0, new Date())).rejects.toMatchObject({ code: 'queue.bad_days' })
  })
})
