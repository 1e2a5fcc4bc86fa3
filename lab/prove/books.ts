/** The books: every event that was fed has an id; the judge counts its effects in the CRM's log and in the ERP. */
import { addBranch, addContact, mirrorLinked } from '../../jobs/testing/small-erp.ts'
import type { ExperimentContext, Figures } from './experiment.ts'
import { until } from './programs.ts'
import type { Rig } from './rig.ts'

export interface Books {
  /** New companies in the ERP, each with a contact when told so: each must become one lead, one person. */
  companies(count: number, withContacts?: boolean): Promise<void>
  /** So many times a company that has its lead gets a new house number: the last one must be the CRM's. */
  edits(count: number): Promise<void>
  /** Leads that users of the CRM convert: each must become one branch of the ERP. Needs webhooks. */
  leads(count: number): Promise<void>
  /** So many of those get a new phone from a user: the last one must be the ERP's. */
  phones(count: number): Promise<void>
  figures(): Promise<Figures & { readonly first: string }>
  /** Waits until everything has arrived. @returns false when the time is over */
  arrive(seconds?: number): Promise<boolean>
  /** Waits until everything has arrived or the time is over, then until all is at rest; the judge's figures. */
  drain(seconds?: number): Promise<Figures>
}

const template = {
  ...{ stage: 'Desenvolvimento/Orçamento', industry: 'Varejo', source: 'Site', phone1: '5511987654321' },
  ...{
    street: 'Rua das Flores',
    cep: '01310-100',
    number: '77',
    complement: 'Sala 2',
    district: 'Centro',
    city: 'São Paulo',
    state: 'São Paulo',
  },
  customFields: { '_cod.gestores': ['7'], _inscricaoestadual: '99' },
}

export function openBooks({ check, random }: Pick<ExperimentContext, 'check' | 'random'>, rig: Rig): Books {
  const numbers = new Map<string, number>()
  const contacts = new Set<string>()
  const phones = new Map<string, { id: number; phone: string }>()
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!

  async function figures(): Promise<Figures & { first: string }> {
    const count = new Map<string, number>()
    const add = (key: string) => count.set(key, (count.get(key) ?? 0) + 1)
    const now = new Map<string, string | null>()
    for (const { by, kind, after } of rig.effects()) {
      const taxId = after.lead?.cnpj?.replace(/\D/g, '') ?? ''
      if (after.lead) now.set(taxId, after.lead.number)
      if (by !== 'api') continue
      if (kind === 'leadAdded') add(taxId)
      if (kind === 'personAdded') add(after.person?.email ?? '')
    }
    const branches = await rig.erp.query<{ taxid: string; phone: string | null; n: number }>(
      'select taxid, min(phone) as phone, count(*)::int as n from branches where taxid = any($1) and id_crm is not null group by taxid',
      [[...phones.keys()]],
    )
    for (const { taxid, n } of branches.rows) count.set(taxid, (count.get(taxid) ?? 0) + n)
    const phoneNow = new Map(branches.rows.map(({ taxid, phone }) => [taxid, phone]))
    const arrived = (key: string) => (count.get(key) ?? 0) > 0
    const lost = [
      ...[...numbers].filter(([key, number]) => !arrived(key) || now.get(key) !== String(number)).map(([key]) => `lead ${key}`),
      ...[...contacts].filter((key) => !arrived(key)).map((key) => `contact ${key}`),
      ...[...phones].filter(([key, { phone }]) => phoneNow.get(key) !== phone).map(([key]) => `ERP branch ${key}`),
    ]
    const all = [...numbers.keys(), ...contacts, ...phones.keys()]
    const doubled = [...count].reduce((sum, [, n]) => sum + n - 1, 0)
    return { in: all.length, out: all.length - lost.length, doubled, lost: lost.length, first: lost[0] ?? '' }
  }

  return {
    figures,
    async companies(count, withContacts = false) {
      for (let n = 0; n < count; n++) {
        // By the ERP's own sequence: conversions of leads take their codes from it too.
        const client = Number((await rig.erp.query(`select nextval('seq_client_code') as code`)).rows[0].code)
        const taxId = String(10_000_000_000_000 + client)
        await addBranch(rig.erp, { client, taxId, number: 100 })
        numbers.set(taxId, 100)
        if (!withContacts) continue
        const email = `c${client}@example.com`
        const code = Number((await rig.erp.query(`select nextval('seq_contact_code') as code`)).rows[0].code)
        await addContact(rig.erp, { code, client, name: `Contato ${client}`, email, primary: true })
        contacts.add(email)
      }
    },
    async edits(count) {
      // Only leads of an integrated stage are updated: those that are there get one.
      await mirrorLinked(rig.erp)
      const { rows } = await rig.erp.query<{ taxid: string }>('select taxid from leads where taxid = any($1)', [[...numbers.keys()]])
      if (rows.length === 0) return
      for (let n = 0; n < count; n++) {
        const taxId = pick(rows).taxid
        const number = numbers.get(taxId)!
        await rig.erp.query('update branches set address_number = $1 where taxid = $2', [number + 1, taxId])
        numbers.set(taxId, number + 1)
      }
    },
    async leads(count) {
      for (let n = 0; n < count; n++) {
        const taxId = String(70_000_000_000_000 + phones.size)
        const { id } = await rig.control('POST', 'leads', { ...template, lead: `Padaria ${taxId}`, cnpj: taxId })
        phones.set(taxId, { id, phone: template.phone1 })
      }
    },
    async phones(count) {
      for (let n = 0; n < count; n++) {
        const [taxId, { id, phone }] = pick([...phones])
        const next = String(Number(phone) + 1)
        await rig.control('POST', `leads/${id}`, { phone1: next })
        phones.set(taxId, { id, phone: next })
      }
    },
    arrive: (seconds = 120) => until(seconds, async () => (await figures()).lost === 0, 500),
    async drain(seconds = 120) {
      await this.arrive(seconds)
      await rig.rounds(1)
      const before = rig.effects().filter(({ by }) => by === 'api').length
      await rig.rounds(2)
      const surplus = rig.effects().filter(({ by }) => by === 'api').length - before
      check('at rest, two more rounds of every job write nothing', surplus === 0, `${surplus} writes`)
      // What a process could not publish, and lives on, is taken over one lease of 30 s later.
      await until(60, async () => !rig.leftovers().some((file) => file.includes('/.tmp/run.')))
      await rig.stop()
      const [left, dead] = [rig.leftovers(), rig.letters('falhas')]
      check('nothing waits or lies half written in the queue', left.length === 0, left.slice(0, 3).join(', ') || 'nothing')
      check('nothing lies in falhas', dead.length === 0, dead.slice(0, 3).join(', ') || 'nothing')
      const { first, ...end } = await figures()
      if (end.lost > 0) check('nothing is lost', false, `${end.lost}, the first: ${first}`)
      return end
    },
  }
}
