/** Letters through the command: foreign and damaged files, refusals and putting them back, SIGTERM in mid-delivery. Real processes. */
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addLeads, type House, openHouse, waiting } from '../testing/house.ts'

const job = 'job_insert_leads_in_spotter'
let house: House
let next = 1
/** Queues this many new leads. */
async function queued(count: number): Promise<void> {
  await addLeads(house.erp, next, count)
  next += count
  expect((await house.json('run', 'job_execute_spark')).document.counts).toMatchObject({ queued: count })
}

/** A file that somebody dropped, long enough ago to be whole. */
function drop(name: string, content: string | Buffer): void {
  const file = join(house.queue, 'leads', 'processar', name)
  writeFileSync(file, content)
  const past = new Date(Date.now() - 60_000)
  utimesSync(file, past, past)
}

beforeAll(async () => {
  house = await openHouse()
})
afterAll(() => house.close())
beforeEach(() => house.simulator.setFaults({}))

describe('files that Ponte did not write', () => {
  test('damaged ones go to falhas with their reason, whole ones are delivered, nothing stops the others; --strict makes it 1', async () => {
    await queued(2)
    drop('insert_leads_in_crm_damaged.json', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x00, 0x0a]))
    drop('insert_leads_in_crm_void.json', '')
    drop('insert_leads_in_crm_torn.json', '{"ID": "9001-1", "NAME": "cut off he')
    drop(
      'insert_leads_in_app_by_hand.json',
      JSON.stringify({ ID: '9002-1', NAME: 'Por Fora Ltda', TAXID: '22333444000181', CLIENT_CODE: '9002' }),
    )
    const { code, document } = await house.json('run', job)
    expect(document).toMatchObject({ ok: true, counts: { delivered: 3, dead: 1, rejected: 2 } })
    expect(code).toBe(0)
    expect(await house.effects('leadAdded')).toBe(3)

    const { document: listed } = await house.json('falhas', 'ls')
    const codes = listed.falhas.flatMap((letter: { lines: { code: string }[] }) => letter.lines.map((line) => line.code))
    expect(codes.sort()).toEqual(['line.invalid_json', 'queue.empty_letter', 'queue.not_utf8'])
    for (const letter of listed.falhas) for (const line of letter.lines) expect(line.reason).toMatch(/\w+ \w+/)

    drop('insert_leads_in_crm_torn_again.json', '[1, 2]')
    const strict = await house.run('run', job, '--strict')
    expect(strict.stdout).toMatch(/1 refused, now in falhas/)
    expect(strict.stdout).toContain('ponte falhas ls')
    expect(strict.code).toBe(1)
  })

  test('a run that leaves a file alone, because its copy may still go on, says so', async () => {
    const file = join(house.queue, 'leads', 'processar', 'insert_leads_in_crm_half.json')
    writeFileSync(file, '{"ID": "9003-1", "NAME": "cut o')
    const { stdout } = await house.run('run', job)
    expect(stdout).toMatch(/nothing done\n.*\n {2}Somebody may still write to what waits \(1 file\)/)
    rmSync(file)
    expect((await house.run('run', job)).stdout).toContain('nothing to do')
  })

  test('a purge says what it deleted', async () => {
    const file = join(house.queue, 'contacts', 'processar', 'inserted_timeline_old.json')
    writeFileSync(file, '{"LeadId":1}\n')
    const past = new Date(Date.now() - 40 * 24 * 60 * 60_000)
    utimesSync(file, past, past)
    expect((await house.run('run', 'purge')).stdout).toContain('1 timeline events deleted')
  })

  test('doctor names the number of those that no job takes', async () => {
    drop('shopping_list.json', '{}')
    const refused = join(house.queue, 'leads', 'falhas', 'another_list.json')
    writeFileSync(refused, '{}\n')
    const { stdout, code } = await house.run('doctor')
    expect(stdout).toMatch(/WARNING {2}queue .*5 in falhas\n.*1 file in processar that no job takes/)
    expect(code).toBe(0)
    rmSync(refused)
  })
})

describe('a letter that the CRM refuses', () => {
  let file: string
  test('is listed with its reason and shown with what was sent', async () => {
    const before = house.letters('leads', 'falhas')
    await queued(1)
    house.simulator.setFaults({ errors400: { times: 1, methods: ['POST'] } })
    expect(await house.json('run', job)).toMatchObject({ code: 0, document: { counts: { delivered: 0, dead: 1 } } })
    file = house.letters('leads', 'falhas').find((name) => !before.includes(name))!

    const listed = await house.run('falhas', 'ls')
    expect(listed.stdout).toContain(file)
    expect(listed.stdout.slice(listed.stdout.indexOf(file))).toMatch(
      /^.*\n {4}leads · 1 line · .* -03, .* ago\n {4}line 1: CRM_REJECTED \(HTTP 400\)/,
    )
    const shown = await house.run('falhas', 'show', file)
    expect(shown.stdout).toContain(join(house.queue, 'leads', 'falhas', file))
    expect(shown.stdout).toMatch(/line 1: CRM_REJECTED \(HTTP 400\)/)
    expect(shown.stdout).toContain(`EMPRESA ${next - 1} LTDA`)
    const { document } = await house.json('falhas', 'show', file)
    expect(JSON.parse(document.body[0])).toMatchObject({ NAME: `EMPRESA ${next - 1} LTDA` })
  })

  test('stays where it is when one of the names is wrong', async () => {
    expect(await house.json('falhas', 'requeue', file, 'typing-error.json')).toMatchObject({ code: 2, document: { ok: false } })
    expect(house.letters('leads', 'falhas')).toContain(file)
    expect(waiting(house)).toBe(1) // the shopping list
  })

  test('goes back, and is delivered once, when the CRM is corrected', async () => {
    const created = await house.effects('leadAdded')
    const { code, document } = await house.json('falhas', 'requeue', file)
    expect({ code, document }).toMatchObject({ code: 0, document: { ok: true, requeued: [{ file, queued: 1, superseded: 0 }] } })
    expect(house.letters('leads', 'falhas')).not.toContain(file)
    expect(await house.json('run', job)).toMatchObject({ code: 0, document: { counts: { delivered: 1, dead: 0 } } })
    expect(await house.effects('leadAdded')).toBe(created + 1)
    expect((await house.json('run', 'job_execute_spark')).document.counts).toMatchObject({ queued: 0 })
  })

  test('--all puts everything back, and what is still wrong fails again', async () => {
    const before = house.letters('leads', 'falhas').length
    expect(before).toBe(4)
    const { document } = await house.json('falhas', 'requeue', '--all')
    expect(document.requeued).toHaveLength(before)
    expect(house.letters('leads', 'falhas')).toEqual([])
    expect((await house.json('run', job)).document.counts).toMatchObject({ delivered: 0, dead: 2, rejected: 2 })
    expect(house.letters('leads', 'falhas')).toHaveLength(before)
  })
})

describe('SIGTERM in mid-delivery', () => {
  test('ends with 1 after what is in flight, keeps the rest, and the next run delivers exactly that', async () => {
    await queued(40)
    const created = await house.effects('leadAdded')
    house.simulator.setFaults({ delayMs: 40 })
    const running = house.ponte.start(['run', job, '--json'], { ...house.env, CRM_CONCURRENCY: '2' })
    const stop = house.simulator.onEffect((effect) => {
      // Once: a second signal would stop it at once.
      if (effect.kind === 'leadAdded' && !running.child.killed) running.child.kill('SIGTERM')
    })
    const { code, stdout } = await running.ended
    stop()
    const first = JSON.parse(stdout)
    expect({ code, first }).toMatchObject({ code: 1, first: { ok: false, message: expect.stringContaining('stays queued') } })
    const done = (await house.effects('leadAdded')) - created
    expect(done).toBeGreaterThan(0)
    expect(done).toBeLessThan(40)
    expect(first.counts.delivered).toBe(done)

    house.simulator.setFaults({})
    const second = await house.json('run', job)
    expect(second).toMatchObject({ code: 0, document: { counts: { delivered: 40 - done, dead: 0 } } })
    expect((await house.effects('leadAdded')) - created).toBe(40)
    const { rows } = await house.state.query(`select count(*)::integer as n from changes where status = 'queued'`)
    expect(rows[0].n).toBe(0)
  })
})

test('folders and what Ponte wrote are closed to others, and the log names nobody', () => {
  const dropped = /shopping_list|insert_leads_in_crm_(damaged|torn)|insert_leads_in_app/
  for (const entry of readdirSync(house.folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const ours = [house.queue, join(house.folder, 'state')].some((folder) => path.startsWith(folder)) && !dropped.test(entry.name)
    if (ours) expect([path, statSync(path).mode & 0o007]).toEqual([path, 0])
  }
  expect(readFileSync(join(house.folder, 'state', 'ponte.log'), 'utf8')).not.toContain('EMPRESA')
})
