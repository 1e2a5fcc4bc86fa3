/** Leads of the simulated CRM for tests, what a user of the CRM does to them, and what the mirror holds of them. */
import type { Row } from '../../engine/model.ts'
import type { SeedRow } from '../../lab/simulators/crm/state/base-file.ts'
import type { Bridge } from './bridge.ts'

type LeadSeed = Omit<Extract<SeedRow, { kind: 'lead' }>, 'kind' | 'lead'> & { readonly lead?: string }

/** A lead that has everything a full sync asks for; accents, no-break spaces and an alphanumeric tax id included. */
export function crmLead(seed: LeadSeed): SeedRow {
  const tail = String(seed.id).padStart(7, '0')
  return {
    kind: 'lead',
    lead: `Padaria São João ${seed.id}`,
    cnpj: `12.ABC.${tail.slice(0, 3)}/${tail.slice(3)}-35`,
    stage: 'Desenvolvimento/Orçamento',
    industry: 'Varejo',
    source: 'Site',
    phone1: '5511987654321',
    street: 'Avenida Conceição de Ipanema',
    cep: '01310-100',
    number: '100',
    complement: null,
    district: 'Centro',
    city: 'São Paulo',
    state: 'São Paulo',
    customFields: { '_cod.gestores': ['7'], _inscricaoestadual: '123.456-7', ...(seed.customFields ?? {}) },
    ...seed,
  } as SeedRow
}

export const crmPerson = (leadId: number, n = 1): SeedRow => ({
  kind: 'person',
  id: leadId * 10 + n,
  leadId,
  name: `José Conceição ${n}`,
  email: `Jose${n}.${leadId}@Example.com`,
  phone1: '5511333344440',
  jobTitle: 'Sócio',
  mainContact: n === 1,
})

/** As somebody at the CRM's own screen. `body` null: deletes. */
export async function inCrm(bridge: Pick<Bridge, 'simulator'>, path: string, body: object | null): Promise<void> {
  const init = body === null ? { method: 'DELETE' } : { method: 'POST', body: JSON.stringify(body) }
  const answer = await fetch(new URL(path.slice(1), bridge.simulator.controlUrl), init)
  if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}: ${await answer.text()}`)
}

/** Rows of LEADS in the order of their ids, names in lower case. */
export async function mirrorRows(bridge: Bridge, columns = '*'): Promise<Row[]> {
  return (await bridge.erp.query(`select ${columns} from leads order by id`)).rows
}

/** Puts leads into the mirror as an older program left them: the triggers stay out. */
export async function mirrored(bridge: Bridge, ids: readonly number[], columns: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const names = ['id', 'name', 'stage', ...Object.keys(columns)]
  const client = await bridge.erp.connect()
  try {
    await client.query("begin; set local ponte.mirror_only = 'on'")
    for (const id of ids)
      await client.query(`insert into leads (${names.join(', ')}) values (${names.map((_, n) => `$${n + 1}`).join(', ')})`, [
        id,
        `Lead ${id}`,
        'Desenvolvimento/Orçamento',
        ...Object.values(columns),
      ])
    await client.query('commit')
  } finally {
    client.release()
  }
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)
