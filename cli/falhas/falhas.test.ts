/** From an alert to a mended record, as an operator types it; and what the commands say. Real processes, the simulated CRM. */
import { linkSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addRefused } from '../../jobs/testing/operator.ts'
import { type House, openHouse } from '../testing/house.ts'

const job = 'job_insert_leads_in_spotter'
let house: House
beforeAll(async () => {
  house = await openHouse()
  house.simulator.setPolicies({ unknownIndustry: 'refuse' })
})
afterAll(() => house.close())

let next = 1
/** Leads of new clients are refused for their industry. @returns the clients */
async function refused(count: number): Promise<number[]> {
  const clients = Array.from({ length: count }, () => next++)
  await addRefused(house, ...clients)
  expect((await house.json('run', 'job_execute_spark')).document.counts).toMatchObject({ queued: count })
  expect((await house.json('run', job)).document.counts).toMatchObject({ dead: count })
  return clients
}
const leadOf = async (client: number) => {
  const { rows } = await house.erp.query('select id_crm from branches where client = $1', [client])
  return rows[0]!.id_crm as string | null
}

test('a lead refused for a bad field is found, corrected and delivered by two commands', async () => {
  const [client] = await refused(1)
  const alert = (await house.run('falhas', 'ls')).stdout
  // What a person copies from the screen.
  const file = /^insert_leads_in_crm_\S+\.json$/m.exec(alert)![0]
  expect(alert).toMatch(/line 1: NOT_FOUND \(HTTP 400\): .*ndustry/)
  expect(alert).toContain(`EMPRESA ${client} LTDA · tax id 1000000000000${client} · branch ${client}-1`)

  const mended = await house.run('falhas', 'edit', file, '--set', 'industry=Varejo', '--deliver')
  expect(mended.stdout).toMatch(/INDUSTRY: Pesca → Varejo\n(.|\n)*1 delivered, 0 refused/)
  expect(mended.code).toBe(0)
  expect(await leadOf(client!)).not.toBeNull()
  expect(await house.effects('leadAdded')).toBe(1)
  expect((await house.run('falhas', 'ls')).stdout).toBe('falhas is empty: nothing was refused.\n')
  expect((await house.json('run', 'job_execute_spark')).document.counts).toMatchObject({ queued: 0 })
})

test('what the CRM or the ERP wrote does nothing to the terminal, and is exact for machines', async () => {
  const name = 'A\u001b]52;c;cm0\u0007\u009b2J\r\n\u202eponte: all\0'
  const file = join(house.folder, 'queue/leads/falhas/update_leads_in_crm_hostile.json')
  await house.run('falhas', 'ls')
  writeFileSync(file, `${JSON.stringify({ ID: '7', NAME: name })}\n`)
  for (const command of [['ls'], ['ls', '--json'], ['show', 'hostile'], ['show', '--json', 'hostile']]) {
    const { stdout } = await house.run('falhas', ...command)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(stdout).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
    expect(stdout).toContain(command.includes('--json') ? 'cm0\\u009b2J' : 'cm0\\x9b2J')
  }
  expect((await house.json('falhas', 'ls')).document.falhas[0].lines[0].about.name).toBe('A]52;c;cm0\u009b2J\n\u202eponte: all')
  rmSync(file)
})

describe('a letter of several lines', () => {
  test('is shown with what both sides hold, discarded in part, requeued with what the ERP says now', async () => {
    const [first, second, third] = await refused(3)
    await house.erp.query(`update branches set address = 'Rua Nova' where client = $1`, [second])
    const [file] = house.letters('leads', 'falhas') as [string]
    const shown = await house.run('falhas', 'show', file.slice(40), '--line', '2')
    expect(shown.stdout).toMatch(/ADDRESS_STREET +Rua das Flores +Rua Nova +—/)
    expect(shown.stdout).toContain('The CRM has no such record.')
    expect(
      Math.max(
        ...shown.stdout
          .split('\n')
          .filter((line) => line.startsWith('  ') && !line.includes('ponte'))
          .map((line) => line.length),
      ),
    ).toBeLessThan(81)

    const discarded = await house.json('falhas', 'discard', file, '--line', '1', '--reason', 'a filial fechou')
    expect(discarded.document.discarded).toMatchObject({ lines: 1, left: 2 })
    // Client 2 may be sent without an industry: what was stored still names the bad one.
    await house.erp.query('delete from client_industries where client = $1', [second])
    const requeued = await house.json('falhas', 'requeue', '--tax-id', `1000000000000${second}`, '--rebase', '--deliver')
    expect(requeued.document).toMatchObject({ ok: true, requeued: [{ queued: 1, left: 1 }], runs: [{ counts: { delivered: 1 } }] })
    expect(await leadOf(second!)).not.toBeNull()
    expect([await leadOf(first!), await leadOf(third!)]).toEqual([null, null])

    const held = await house.run('held', 'ls')
    expect(held.stdout).toMatch(new RegExp(`leads.insert +${first}-1 .* discarded`))
    expect((await house.run('held', 'release', `${first}-1`)).code).toBe(0)
    expect((await house.run('held', 'ls')).stdout).toBe('Nothing is held.\n')
    const queue = await house.run('queue')
    expect(queue.stdout).toMatch(/leads +insert_leads_in_crm +0 +0 +1/)
  })

  test('refused again with --deliver ends with 1', async () => {
    const [file] = house.letters('leads', 'falhas') as [string]
    const { code, document } = await house.json('falhas', 'requeue', file, '--deliver')
    expect({ code, document }).toMatchObject({ code: 1, document: { ok: false, runs: [{ counts: { dead: 1 } }] } })
  })
})

describe('wrong usage says what is right, changes nothing, and ends with 2', () => {
  test.each([
    [['falhas', 'show', 'nothing'], /no letter called "nothing"/],
    [['falhas', 'edit', 'nothing', '--set', 'a=b'], /no letter called "nothing"/],
    [['falhas', 'edit', 'insert_leads', '--set', 'phone'], /--set needs a field and its value/],
    [['falhas', 'edit', 'insert_leads', '--set', 'phone=12'], /phone: expected: 10 to 13 digits/],
    [['falhas', 'edit', 'insert_leads', '--set', 'shoe=12'], /no field "shoe"/],
    [['falhas', 'edit', 'insert_leads'], /--set/],
    [['falhas', 'discard', 'insert_leads', '--reason', ' '], /with a reason/],
    [['falhas', 'show', 'insert_leads', '--line', 'x'], /Line numbers/],
    [['falhas', 'show', 'insert_leads', '--line', '99'], /Line 99 of this letter is not among/],
    [['falhas', 'requeue'], /No letter named/],
    [['falhas', 'requeue', 'insert_leads', '--all'], /exclude each other/],
    [['falhas', 'ls', '--older-than', 'yesterday'], /--older-than is not an age/],
    [['falhas', 'ls', '--entity', 'shoes'], /does not know "shoes"/],
    [['falhas', 'ls', '--after', 'x'], /not the end of a page/],
    [['why'], /Nobody is named/],
    [['why', '1', '--lead', '2'], /One company at a time/],
    [['why', '--lead', 'x'], /no tax id, no lead of the CRM/],
    [['held', 'release'], /No key named/],
    [['held', 'release', '4711'], /Nothing of this key is held/],
  ])('%j', async (args, message) => {
    const before = house.letters('leads', 'falhas')
    const { code, stderr, stdout } = await house.run(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(house.letters('leads', 'falhas')).toEqual(before)
  })
})

test('ponte why tells what happened to a company, and its log names nobody', async () => {
  const { stdout, code } = await house.run('why', '10.000.000/0000-01')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^EMPRESA 1 LTDA · tax id 10000000000001 · lead \d+ · branch 1-1\n/)
  expect(stdout).toMatch(/change {4}branch 1-1: .*\n.*operator {2}branch 1-1: cli:.* INDUSTRY Pesca → Varejo\n.*delivery {2}branch 1-1/)
  const { document } = await house.json('why', '--client', '1')
  expect(document.happenings).toHaveLength(3)
  expect((await house.run('why', '11222333000181')).stdout).toContain('Ponte remembers nothing of it')
  const log = readFileSync(join(house.folder, 'state/ponte.log'), 'utf8')
  expect(log).not.toMatch(/EMPRESA|1000000000000\d/)
})

test('a hundred thousand refused letters are listed a page at a time, without reading them', async () => {
  const falhas = join(house.queue, 'contacts/falhas')
  mkdirSync(falhas, { recursive: true })
  const name = (n: number) => `contato_update_erp_x_2026_01_01_00_00_00_000_${String(n).padStart(26, '0')}.json`
  for (let n = 0; n < 10; n++) writeFileSync(join(falhas, name(n)), '{"Id":1,"LeadId":2}')
  // The others are names of a few files with holes of 64 MiB: whoever reads them all reads 6 TB.
  const holes = [0, 1, 2, 3].map((n) => join(house.folder, `hole-${n}`))
  for (const hole of holes) writeFileSync(hole, '')
  for (const hole of holes) truncateSync(hole, 64 * 1024 * 1024)
  for (let n = 10; n < 100_000; n++) linkSync(holes[n % 4]!, join(falhas, name(n)))
  const first = await house.json('falhas', 'ls', '--prefix', 'contato_update_erp', '--limit', '3')
  expect(first.document).toMatchObject({ matching: 100_000, falhas: [{ file: name(0) }, { file: name(1) }, { file: name(2) }] })
  const second = await house.json('falhas', 'ls', '--prefix', 'contato_update_erp', '--limit', '2', '--after', first.document.next)
  expect(second.document.falhas.map(({ file }: { file: string }) => file)).toEqual([name(3), name(4)])
  const people = await house.run('falhas', 'ls', '--limit', '2')
  expect(people.stdout).toContain(`--after '`)
})
