/** Correcting what a refused line sends: what is taken, what is refused, who may. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { listAudit } from '../connectors/state/people/audit.ts'
import { type Bridge, openBridge } from '../jobs/testing/bridge.ts'
import { insertLeads, onlyDead, operatorAt, pickyCrm, refuse, updateLeads } from '../jobs/testing/operator.ts'
import { addBranch, mirrorLinked, seedReference } from '../jobs/testing/small-erp.ts'
import { editDead } from './edit-dead.ts'
import { openDead } from './open-dead.ts'
import type { Operator } from './operator.ts'

describe('an edit that cannot be', () => {
  let bridge: Bridge
  let operator: Operator
  beforeAll(async () => {
    bridge = await openBridge(pickyCrm)
    await seedReference(bridge.erp)
    operator = operatorAt(bridge)
    await refuse(bridge, 1)
  })
  afterAll(() => bridge.close())

  test.each([
    ['phone', '123', /^phone: expected: 10 to 13 digits/],
    ['phone', 'call me', /^phone: expected/],
    ['name', '', /^name: may not be empty/],
    ['name', 'x'.repeat(41), /^name: at most 40 characters/],
    ['name', 'two\nlines', /^name: .*line break/],
    ['client_code', '12a', /^client_code: expected: a whole number/],
    ['zipcode', '0131', /^address_zipcode: expected: 8 digits/],
    ['taxid', '12345678000195', /TAXID cannot be edited in a letter/],
    ['shoe_size', '44', /no field "shoe_size"/],
    ['__proto__', 'x', /no field/],
    ['_RUN', 'x', /no field/],
  ])('%s=%s is refused by name, without its value, and changes nothing', async (name, value, message) => {
    const dead = await onlyDead(bridge)
    const refusal = await editDead(operator, dead, { set: { industry: 'Varejo', [name]: value }, requeue: true }).catch((error) => error)
    expect(refusal).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) })
    if (value.length > 3 && name !== 'shoe_size') expect(refusal.message + refusal.hint).not.toContain(value)
    expect((await onlyDead(bridge)).version).toBe(dead.version)
    expect(await listAudit(bridge.state, { limit: 9 })).toEqual([])
  })
})

describe('an edit', () => {
  let bridge: Bridge
  let operator: Operator
  beforeEach(async () => {
    bridge = await openBridge(pickyCrm)
    await seedReference(bridge.erp)
    operator = operatorAt(bridge)
  })
  afterEach(() => bridge.close())

  const statusOf = async (key: string) =>
    (await bridge.state.query('select status from changes where key = $1 order by id', [key])).rows.map(({ status }) => status)

  test('takes accents, empties what may be empty, and knows fields by their names in ERP, CRM and old files', async () => {
    await refuse(bridge, 1)
    await editDead(operator, await onlyDead(bridge), {
      set: { end_bairro: 'Água Rasa', phone: null, INDUSTRY: 'Comércio' },
      requeue: false,
    })
    const dead = await onlyDead(bridge)
    expect(dead.lines![0]).toMatchObject({
      sent: { ADDRESS_DISTRICT: 'Água Rasa', PHONE: null, INDUSTRY: 'Comércio' },
      reason: { editedAt: expect.any(String) },
    })
    // Under the name that the line uses: no second one beside it.
    expect(JSON.parse(dead.lines![0]!.text)).toMatchObject({ DISTRICT: 'Água Rasa' })
    expect(dead.lines![0]!.text).not.toContain('END_BAIRRO')
  })

  test('of a tax id takes an alphanumeric CNPJ and judges its check digits', async () => {
    await addBranch(bridge.erp, { client: 5, taxId: '12ABC34501DE35' })
    await bridge.cycle()
    await mirrorLinked(bridge.erp)
    await bridge.erp.query(`update branches set address = 'Rua Nova' where client = 5`)
    await bridge.run('job_execute_spark')
    bridge.simulator.setFaults({ errors400: { times: 1, methods: ['PUT'] } })
    expect(await bridge.run(updateLeads)).toMatchObject({ counts: { dead: 1 } })
    const edit = async (taxId: string) => editDead(operator, await onlyDead(bridge), { set: { taxid: taxId }, requeue: false })
    await expect(edit('12ABC34501DE36')).rejects.toMatchObject({ message: 'taxid: its check digits are wrong' })
    expect(await edit('12.abc.345/01de-35')).toMatchObject({ changed: [] })
    expect(await edit('11.222.333/0001-81')).toMatchObject({
      changed: [{ from: '12ABC34501DE35', to: '11222333000181' }],
      ownedByErp: ['TAXID'],
    })
  })

  test('in a letter of several lines must say which, and leaves the others where they are', async () => {
    await refuse(bridge, 1, 2, 3)
    await expect(editDead(operator, await onlyDead(bridge), { set: { industry: 'Varejo' }, requeue: true })).rejects.toMatchObject({
      code: 'falhas.which_line',
      hint: expect.stringContaining('--line 1, 2, 3'),
    })
    const edited = await editDead(operator, await onlyDead(bridge), { line: 2, set: { industry: 'Varejo' }, requeue: true })
    expect(edited.requeued).toMatchObject({ again: 1, left: 2 })
    expect((await onlyDead(bridge)).lines!.map(({ reason, about }) => [reason.line, about.key])).toEqual([
      [1, '1-1'],
      [3, '3-1'],
    ])
    expect(await bridge.run(insertLeads)).toMatchObject({ counts: { delivered: 1, dead: 0 } })
    expect([await statusOf('1-1'), await statusOf('2-1'), await statusOf('3-1')]).toEqual([['failed'], ['delivered'], ['failed']])
  })

  test('by two operators who looked at the same letter: the second is told', async () => {
    await refuse(bridge, 1)
    const dead = await onlyDead(bridge)
    await editDead(operator, dead, { set: { industry: 'Varejo' }, requeue: false })
    const second = editDead(operatorAt(bridge, 'cli:second'), dead, { set: { industry: 'Atacado' }, requeue: true })
    await expect(second).rejects.toMatchObject({ code: 'queue.letter_changed' })
    expect((await onlyDead(bridge)).lines![0]!.sent.INDUSTRY).toBe('Varejo')
    expect((await listAudit(bridge.state, { actor: 'cli:second', limit: 1 }))[0]).toMatchObject({ outcome: 'queue.letter_changed' })
  })

  test('of an event of the CRM is refused: what counts is what the CRM holds', async () => {
    writeFileSync(join(bridge.folder, 'queue/leads/falhas/converted_lead_x.json'), JSON.stringify({ Lead: { Id: 7, Company: 'X' } }))
    const dead = await openDead(bridge.context.lanes, 'converted_lead_x.json')
    await expect(editDead(operator, dead, { set: { phone: '11999998888' }, requeue: true })).rejects.toMatchObject({
      code: 'falhas.not_editable',
    })
  })
})
