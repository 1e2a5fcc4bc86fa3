/**
 * The worst rows that real systems hold, through both directions on three dialects: no run ends because another system seems to be away,
 * every record is delivered or stands in falhas (or, for a full sync, in the ERP's log) with a reason, and their plain neighbours arrive.
 */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testSeed } from '../../base/testing/random.ts'
import { mariaDbMissing } from '../../connectors/mysql/testing.ts'
import { type Bridge, openBridge } from '../testing/bridge.ts'
import { type CrmRow, type ErpRow, hostileCrmRows, hostileErpRows, taxIdOf } from '../testing/hostile-rows.ts'
import { addBranch, seedReference } from '../testing/small-erp.ts'

/** Per dialect, half of them each way. */
const rows = process.env.PONTE_TEST_LONG === '1' ? 300 : 100
const seed = testSeed()
/** Every tenth row is a plain neighbour. */
const isPlain = (n: number) => n % 10 === 0
/** Client codes that no lead of the CRM claims. */
const ours = (n: number) => 600_000 + n
const ofLead = (id: number) => ({ lead: id, person: id + 1_000_000 })

describe.each(mariaDbMissing('jobs/hostile-rows') ? [] : (['postgres', 'mysql', 'oracle'] as const))(
  `${rows} hostile rows on %s (seed ${seed})`,
  (dialect) => {
    let bridge: Bridge
    const half = rows / 2
    const numbers = Array.from({ length: half }, (_, index) => index + 1)
    const ended = ({
      status,
      message,
      counts,
    }: {
      status: string
      message?: string | undefined
      counts: Readonly<Record<string, unknown>>
    }) => ({ status, message, open: counts.open ?? 0 })
    const well = { status: expect.stringMatching(/^(success|skipped)$/), open: 0 }
    /** Every line in falhas. */
    async function dead() {
      const lanes = Object.values(bridge.context.lanes)
      const found = await Promise.all(
        lanes.map(async (lane) => {
          const names = readdirSync(join(bridge.folder, 'queue', lane.name, 'falhas')).filter(
            (name) => name.endsWith('.json') && !name.endsWith('.error.json'),
          )
          return (await Promise.all(names.map((name) => lane.showDead(name)))).flatMap(({ letter }) => letter.lines)
        }),
      )
      return found.flat()
    }

    beforeAll(async () => {
      const plain: CrmRow = { name: 'Vizinho', street: 'Rua Um', number: '1', district: 'Centro', complement: null, cep: '01310100', city: 'São Paulo', phone: '1133334444', industry: 'Varejo', source: 'Site', code: null, rep: '7', registration: 'ISENTO', analysis: null, contact: 'Ana', email: 'ana@example.com', title: 'Chefe' } // biome-ignore format: one row
      const crm = hostileCrmRows(half, seed).flatMap((drawn, index) => {
        const n = index + 1
        const row = isPlain(n) ? plain : drawn
        const { lead, person } = ofLead(50_000 + n)
        const custom = Object.fromEntries(
          Object.entries({
            '_cod.cliente': row.code,
            '_cod.gestores': row.rep === null ? null : [row.rep],
            _inscricaoestadual: row.registration,
            _analisefinanceira: row.analysis,
          }).filter(([, value]) => value !== null),
        ) as Record<string, string | string[]>
        return [
          { kind: 'lead' as const, id: lead, lead: `${row.name} ${n}`, cnpj: taxIdOf(1_000 + n), stage: 'Desenvolvimento/Orçamento', phone1: row.phone, industry: row.industry, source: row.source, street: row.street, cep: row.cep, number: row.number, complement: row.complement, district: row.district, city: row.city, state: 'São Paulo', country: 'Brasil', customFields: custom }, // biome-ignore format: one row
          {
            kind: 'person' as const,
            id: person,
            leadId: lead,
            name: row.contact,
            email: row.email,
            phone1: row.phone,
            jobTitle: row.title,
          },
        ]
      })
      // The guard counts leads that lack what is mandatory, and many do.
      bridge = await openBridge({ dialect, fullSyncMinPercent: 1 })
      await bridge.simulator.load(crm)
      await seedReference(bridge.sql)
    })
    afterAll(() => bridge.close())

    test('from the ERP to the CRM: each lead and contact is made, or stands in falhas with its reason', async () => {
      for (const [index, row] of hostileErpRows(half, seed).entries()) await addToErp(index + 1, row)
      const reports = [...(await bridge.cycle()), ...(await bridge.cycle())]
      expect(reports.map(ended)).toEqual(reports.map(() => expect.objectContaining(well)))
      const inCrm = new Set((await bridge.simulator.effects()).filter(({ kind }) => kind === 'leadAdded').map(({ key }) => key))
      // Whoever still waits in the ERP was refused by name.
      const { rows: refused } = await bridge.state.query(
        "select entity || ' ' || key as name from changes where status = 'failed' and code is not null",
      )
      const names = new Set(refused.map(({ name }) => name))
      const waiting = [
        ...(await bridge.sql.query('select id from view_insert_lead_in_crm')).rows.map(({ id }) => `leads.insert ${id}`),
        ...(await bridge.sql.query('select code from view_insert_contact_in_crm')).rows.map(({ code }) => `contacts.insert ${code}`),
      ]
      expect(waiting.filter((name) => !names.has(name))).toEqual([])
      expect((await dead()).length).toBeGreaterThanOrEqual(names.size)
      const linked = (await bridge.sql.query('select client from branches where id_crm is not null')).rows.map((row) => Number(row.client))
      expect(numbers.filter((n) => isPlain(n) && !linked.includes(ours(n)))).toEqual([])
      expect(inCrm.size).toBeGreaterThan(half / 2)
      for (const line of await dead())
        expect(line).toMatchObject({ code: expect.stringMatching(/\w/), reason: expect.stringMatching(/\w/) })
      expect((await dead()).filter(({ code }) => code === 'UNEXPECTED_ERROR' || code === 'line.unreadable')).toEqual([])
    })

    async function addToErp(n: number, row: ErpRow): Promise<void> {
      if (isPlain(n)) {
        await addBranch(bridge.sql, { client: ours(n), taxId: taxIdOf(n) })
        return
      }
      // PostgreSQL alone cannot hold U+0000.
      const nul = dialect === 'postgres' ? '' : '\0'
      await bridge.sql.query('insert into clients (client_code, company_name) values ($1, $2)', [ours(n), row.name])
      await bridge.sql.query(
        `insert into branches (client, code, description, taxid, integrate_crm, sales_rep, tax_registration, address, address_number, complement, zipcode, district, city, phone)
       values ($1, 1, $2, $3, 'S', $4, $5, $6, $7, $8, $9, $10, 1, $11)`,
        [
          ours(n),
          `${nul}${row.name.slice(0, 90)}`,
          taxIdOf(n),
          row.rep,
          row.registration,
          row.street,
          row.number,
          row.complement,
          row.zip,
          row.district,
          row.phone,
        ],
      )
      await bridge.sql.query(
        `insert into credit_limit_history (client_code, sequence_number, entry_date, observations) values ($1, 1, ${stamp(row.analysed)}, $2)`,
        [ours(n), row.analysis],
      )
      await bridge.sql.query(
        'insert into contact (code, name, email, phone, job_title_desc, branch_client, branch_code) values ($1, $2, $3, $4, $5, $6, 1)',
        [n, row.contact, row.email, row.phone, row.title, ours(n)],
      )
    }
    // MariaDB, which stands in for Oracle, keeps its timestamps from 1970 to 2038.
    const stamp = (text: string) => `timestamp '${dialect === 'oracle' ? text.replace(/^..../, '2026') : text}'`

    test('from the CRM to the ERP: each lead and person arrives, or stands in falhas with its reason', async () => {
      for (const n of numbers) {
        const { lead } = ofLead(50_000 + n)
        await bridge.context.lanes.leads.enqueue('converted_lead', `${lead}`, JSON.stringify({ Lead: { Id: lead } }))
      }
      const reports = []
      for (const job of ['job_update_converted_lead_in_erp', 'job_update_leads_in_erp', 'job_update_contact_in_erp'])
        reports.push(await bridge.run(job))
      expect(reports.map(ended)).toEqual(reports.map(() => expect.objectContaining(well)))
      const mirrored = new Set((await bridge.sql.query('select id from leads')).rows.map((row) => Number(row.id)))
      const named = JSON.stringify((await bridge.state.query('select * from inbound_events where code is not null')).rows)
      expect(numbers.filter((n) => !mirrored.has(50_000 + n) && !named.includes(`${50_000 + n}`))).toEqual([])
      expect(numbers.filter((n) => isPlain(n) && !mirrored.has(50_000 + n))).toEqual([])
      const persons = new Set((await bridge.sql.query('select id from contacts')).rows.map((row) => Number(row.id)))
      const missing = numbers.map((n) => ofLead(50_000 + n)).filter(({ lead, person }) => mirrored.has(lead) && !persons.has(person))
      expect(missing.filter(({ person }) => !named.includes(`${person}`))).toEqual([])
      expect((await dead()).filter(({ code }) => code === 'UNEXPECTED_ERROR' || code === 'line.unreadable')).toEqual([])
    })

    test('and by a full sync: none stops it', async () => {
      expect(ended(await bridge.run('job_leads_full_sync'))).toMatchObject(well)
      const mirrored = new Set((await bridge.sql.query('select id from leads')).rows.map((row) => Number(row.id)))
      const logged = new Set((await bridge.sql.query('select lead_id from log_execution_crm')).rows.map((row) => Number(row.lead_id)))
      expect(numbers.filter((n) => !mirrored.has(50_000 + n) && !logged.has(50_000 + n))).toEqual([])
      expect(numbers.filter((n) => isPlain(n) && !mirrored.has(50_000 + n))).toEqual([])
    })
  },
)
