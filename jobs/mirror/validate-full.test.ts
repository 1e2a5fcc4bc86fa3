/** job_validade_full against the simulated CRM: what it reports, what it applies, what it leaves to others, and what its report tells. */
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ulid } from 'ulid'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Bridge, type BridgeOptions, openBridge } from '../testing/bridge.ts'
import { crmLead, crmPerson, inCrm, mirrored, upTo } from '../testing/crm-leads.ts'
import { addBranch, seedReference } from '../testing/small-erp.ts'

let bridge: Bridge
const open = async (options?: BridgeOptions) => {
  bridge = await openBridge(options)
  await seedReference(bridge.erp)
}
const run = (name = 'job_validade_full') => bridge.run(name)
const reports = () => readdirSync(join(bridge.folder, 'reports'))
interface Report {
  readonly run: string
  readonly entries: readonly {
    readonly lead: number
    readonly kind: string
    readonly fields?: Record<string, { crm: string | null; mirror: string | null }>
  }[]
  readonly summary: Record<string, unknown>
}
const reportOf = (id: string): Report => JSON.parse(readFileSync(join(bridge.folder, 'reports', `validade_full_${id}.json`), 'utf8'))
const lead = async (id: number) => (await bridge.erp.query('select * from leads where id = $1', [id])).rows[0]
const branchOf = async (id: number) => (await bridge.erp.query('select * from branches where id_crm = $1', [id])).rows[0]

beforeEach(() => open())
afterEach(() => bridge.close())

describe('the validation', () => {
  test('takes what is missing in the mirror, with accents and alphanumeric tax id, and makes the ERP client and its contacts', async () => {
    await bridge.simulator.load([crmLead({ id: 7, cnpj: '12.ABC.345/01DE-35' }), crmPerson(7), crmLead({ id: 8, stage: 'Novos leads' })])
    const first = await run()
    expect(first).toMatchObject({
      status: 'success',
      counts: { read: 2, equal: 0, missingInMirror: 1, different: 0, applied: 1, refused: 0 },
      triggers: ['job_update_contact_in_erp'],
    })
    expect(await lead(7)).toMatchObject({
      name: 'Padaria São João 7',
      taxid: '12ABC34501DE35',
      address_street: 'Avenida Conceição de Ipanema',
    })
    expect(await branchOf(7)).toMatchObject({ taxid: '12ABC34501DE35', sales_rep: '7', integrate_crm: 'S' })
    await bridge.run('job_update_contact_in_erp')
    expect((await bridge.erp.query('select email from contact')).rows).toEqual([{ email: 'jose1.7@example.com' }])
    // The old name is a name of it too.
    expect(await run('job_validate_full')).toMatchObject({ job: 'job_validade_full', counts: { equal: 1, missingInMirror: 0, applied: 0 } })
  })

  test('is null-safe and blind to spelling: only real differences are told, both values of each, and applied', async () => {
    await bridge.simulator.load(upTo(4).map((id) => crmLead({ id })))
    await run()
    // Spelling: case, accents of a city, no-break spaces, punctuation, exempt in its forms.
    await inCrm(bridge, '/leads/1', {
      lead: 'PADARIA SÃO JOÃO 1\u00a0',
      city: 'SAO PAULO',
      cep: '01310100',
      customFields: { _inscricaoestadual: '1234567' },
    })
    await inCrm(bridge, '/leads/2', { phone1: null, complement: 'Sala 2' })
    await inCrm(bridge, '/leads/3', { phone1: '5511900000000', street: 'Rua Nova' })
    const report = await run()
    expect(report.counts).toMatchObject({ equal: 2, different: 2, applied: 2, refused: 0 })
    expect(reportOf(report.run).entries).toEqual([
      {
        lead: 2,
        kind: 'different',
        fields: { ADDRESS_COMPLEMENT: { crm: 'Sala 2', mirror: null }, PHONE: { crm: null, mirror: '5511987654321' } },
      },
      {
        lead: 3,
        kind: 'different',
        fields: {
          ADDRESS_STREET: { crm: 'Rua Nova', mirror: 'Avenida Conceição de Ipanema' },
          PHONE: { crm: '5511900000000', mirror: '5511987654321' },
        },
      },
    ])
    expect(reportOf(report.run).summary).toMatchObject({ complete: true, different: 2 })
    // The CRM owns the phone and a null never erases; the address is the ERP's: the mirror knows, the ERP keeps its own.
    expect(await branchOf(3)).toMatchObject({ phone: '5511900000000', address: expect.stringMatching(/CONCEI/i) })
    expect(await branchOf(2)).toMatchObject({ phone: '5511987654321' })
    expect(await lead(3)).toMatchObject({ address_street: 'Rua Nova' })
  })

  test('repairs a mirror that was changed behind its back, though the CRM did not move', async () => {
    await bridge.simulator.load([crmLead({ id: 1 })])
    await run()
    await bridge.erp.query(
      `begin; set local ponte.mirror_only = 'on'; update leads set source = 'tampered', address_district = null; commit`,
    )
    expect((await run()).counts).toMatchObject({ different: 1, applied: 1 })
    expect(await lead(1)).toMatchObject({ source: 'Site', address_district: expect.stringMatching(/^centro$/i) })
    expect((await run()).counts).toMatchObject({ equal: 1, different: 0 })
  })

  test('reports who is gone, moved back, not integrated or in an unknown stage, and removes nobody', async () => {
    await bridge.simulator.load([
      crmLead({ id: 1, stage: 'Desenvolvimento/Orçamento' }),
      crmLead({ id: 2, stage: 'Novos leads' }),
      crmLead({ id: 3, stage: 'Etapa nova' }),
    ])
    await mirrored(bridge, [1, 2, 3, 4])
    await bridge.erp.query(`begin; set local ponte.mirror_only = 'on'; update leads set stage = 'Ativação' where id = 1; commit`)
    const report = await run()
    expect(report.counts).toMatchObject({ movedBack: 1, notIntegrated: 1, unknownStage: 1, missingInCrm: 1, applied: 0 })
    const kinds = reportOf(report.run).entries.map((entry) => [entry.lead, entry.kind])
    expect(kinds).toEqual([
      [1, 'movedBack'],
      [4, 'missingInCrm'],
      [2, 'notIntegrated'],
      [3, 'unknownStage'],
    ])
    expect((await bridge.erp.query('select count(*)::int as n from leads')).rows).toEqual([{ n: 4 }])
  })

  test('one lead that the ERP refuses does not undo its neighbours', async () => {
    await bridge.simulator.load(upTo(5).map((id) => crmLead({ id, cnpj: id === 3 ? '11222333000181' : `1122233300019${id}` })))
    for (const client of [50, 51]) await addBranch(bridge.erp, { client, taxId: '11222333000181' })
    const report = await run()
    expect(report).toMatchObject({ status: 'success', counts: { missingInMirror: 5, applied: 4, refused: 1 } })
    expect(report.message).toContain('1 leads were refused')
    expect(reportOf(report.run).entries.filter((entry) => entry.kind === 'refused')).toEqual([
      expect.objectContaining({ lead: 3, code: 'AMBIGUOUS_TAX_ID' }),
    ])
    expect((await bridge.erp.query('select id::int from leads order by id')).rows.map(({ id }) => id)).toEqual([1, 2, 4, 5])
  })

  test('passes through 1,300 leads of drifting pages; a second look finds all equal', async () => {
    await bridge.simulator.load(upTo(1_300).map((id) => crmLead({ id })))
    bridge.simulator.setFaults({ pageDrift: { share: 0.3, rows: 5, evenOrdered: true } })

    expect((await run()).counts).toMatchObject({ read: 1_300, missingInMirror: 1_300, applied: 1_300, refused: 0 })
    expect((await run()).counts).toMatchObject({ read: 1_300, equal: 1_300, missingInCrm: 0 })
  }, 120_000)

  test('a CRM that breaks down in the middle fails the run; what was found is kept and what was applied stays', async () => {
    await bridge.simulator.load(upTo(700).map((id) => crmLead({ id })))
    await mirrored(bridge, [999])
    const { leads } = bridge.context.crm
    Object.assign(bridge.context.crm, {
      async *leads(signal: AbortSignal) {
        for await (const page of leads(signal)) {
          yield page
          bridge.simulator.setFaults({ errors5xx: 1 })
        }
      },
    })
    const failed = await run()
    expect(failed.status).toBe('failed')
    expect(reportOf(failed.run).summary).toMatchObject({ complete: false, missingInMirror: 500, applied: 500, missingInCrm: 0 })
  }, 120_000)
})

describe('its reports', () => {
  test('are named by run, readable by their group only, kept for thirty days; nothing of them is in the log', async () => {
    await bridge.simulator.load([crmLead({ id: 1, lead: 'Padaria Segredo', cnpj: '11222333000181', phone1: '5511912345678' })])
    await run()
    await inCrm(bridge, '/leads/1', { phone1: '5511955554444', lead: 'Padaria Reservada' })
    const days = (n: number) => Date.now() - n * 86_400_000
    const [old, recent, half] = [ulid(days(31)), ulid(days(29)), ulid()]
    mkdirSync(join(bridge.folder, 'reports'), { recursive: true })
    for (const name of [
      `validade_full_${old}.json`,
      `validade_full_${recent}.json`,
      `.validade_full_${half}.part`,
      'validade_full_notes.json',
    ])
      writeFileSync(join(bridge.folder, 'reports', name), '{}')
    // Neither a copy's date nor midnight counts: the run's own time is in its id.
    utimesSync(join(bridge.folder, 'reports', `validade_full_${recent}.json`), new Date(0), new Date(0))
    const { run: id } = await run()
    expect(reports()).toContain(`validade_full_${id}.json`)
    expect(reports()).toContain(`validade_full_${recent}.json`)
    expect(reports()).toContain('validade_full_notes.json')
    expect(reports().filter((name) => name.includes(old) || name.includes(half))).toEqual([])
    expect(statSync(join(bridge.folder, 'reports', `validade_full_${id}.json`)).mode & 0o777).toBe(0o640)
    expect(statSync(join(bridge.folder, 'reports')).mode & 0o007).toBe(0)
    expect(JSON.stringify(reportOf(id))).toContain('Padaria Reservada')
    const log = readFileSync(bridge.logFile, 'utf8')
    for (const secret of ['Segredo', 'Reservada', '11222333000181', '955554444', '912345678']) expect(log).not.toContain(secret)
  })
})
