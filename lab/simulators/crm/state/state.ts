import { taxKey } from '../tax-key.ts'
import type { After, LeadRow, PersonRow, ProductRow, SaleRow } from './model.ts'

/**
 * What the simulated CRM holds, with the look-ups its rules need. `apply` is the only way in and knows no rule: it puts
 * the rows of an effect in place, so that replaying the log gives the same state whatever the policies were.
 */
export class CrmState {
  readonly #leads = new Map<number, LeadRow>()
  readonly #persons = new Map<number, PersonRow>()
  readonly #sales = new Map<number, SaleRow>()
  readonly #products = new Map<number, readonly ProductRow[]>()
  readonly #byTaxId = new Map<string, Set<number>>()
  readonly #byCnpj = new Map<string, Set<number>>()
  readonly #byClientCode = new Map<string, Set<number>>()
  readonly #personsOf = new Map<number, Set<number>>()
  readonly #memo = new Map<string, { version: number; rows: readonly unknown[] }>()
  #version = 0
  #lastLeadId = 0
  #lastPersonId = 0
  readonly #known: { readonly industries: readonly string[]; readonly sources: readonly string[] }
  /** Industries, sources and sub-sources seen so far, each text with its id: the CRM creates what it does not know. */
  readonly industries = new Map<string, number>()
  readonly sources = new Map<string, number>()
  readonly subSources = new Map<string, number>()

  /** `known`: industries and sources that exist before any lead names them. */
  constructor(known: { readonly industries: readonly string[]; readonly sources: readonly string[] }) {
    this.#known = known
    this.#clear()
  }

  lead(id: number): LeadRow | undefined {
    return this.#leads.get(id)
  }
  person(id: number): PersonRow | undefined {
    return this.#persons.get(id)
  }
  sale(leadId: number): SaleRow | undefined {
    return this.#sales.get(leadId)
  }
  products(leadId: number): readonly ProductRow[] {
    return this.#products.get(leadId) ?? []
  }
  /** The persons of a lead in order of id. */
  personsOf(leadId: number): readonly PersonRow[] {
    return [...(this.#personsOf.get(leadId) ?? [])].sort((a, b) => a - b).map((id) => this.#persons.get(id)!)
  }
  /** Leads whose tax id is the same once punctuation is gone. */
  leadsByTaxId(taxId: string): readonly LeadRow[] {
    return this.#leadsIn(this.#byTaxId.get(taxKey(taxId)))
  }
  /** Leads whose stored tax id is exactly this text. */
  leadsByCnpj(cnpj: string): readonly LeadRow[] {
    return this.#leadsIn(this.#byCnpj.get(cnpj))
  }
  leadsByClientCode(code: string): readonly LeadRow[] {
    return this.#leadsIn(this.#byClientCode.get(code))
  }
  get nextLeadId(): number {
    return this.#lastLeadId + 1
  }
  get nextPersonId(): number {
    return this.#lastPersonId + 1
  }
  get counts(): { leads: number; persons: number; sales: number } {
    return { leads: this.#leads.size, persons: this.#persons.size, sales: this.#sales.size }
  }

  /** All leads, persons, sales in order of id. The same array until the next effect. */
  leads(): readonly LeadRow[] {
    return this.listed('leads', () => [...this.#leads.values()].sort((a, b) => a.id - b.id))
  }
  persons(): readonly PersonRow[] {
    return this.listed('persons', () => [...this.#persons.values()].sort((a, b) => a.id - b.id))
  }
  sales(): readonly SaleRow[] {
    return this.listed('sales', () => [...this.#sales.values()].sort((a, b) => a.leadId - b.leadId))
  }
  /** A list derived from the state, built once per version. */
  listed<Row>(name: string, build: () => readonly Row[]): readonly Row[] {
    const kept = this.#memo.get(name)
    if (kept?.version === this.#version) return kept.rows as readonly Row[]
    const rows = build()
    this.#memo.set(name, { version: this.#version, rows })
    return rows
  }

  /** Puts an effect's rows in place. `files` is the caller's to read: base rows come as further calls. */
  apply(after: After): void {
    this.#version += 1
    if (after.cleared) this.#clear()
    if (after.lead) this.#putLead(after.lead)
    if (after.person) this.#putPerson(after.person)
    if (after.products) this.#products.set(after.products.leadId, after.products.products)
    if (after.sale) this.#sales.set(after.sale.leadId, after.sale)
    if (after.deletedLead !== undefined) this.#deleteLead(after.deletedLead)
    if (after.deletedPerson !== undefined) this.#deletePerson(after.deletedPerson)
  }

  #putLead(lead: LeadRow): void {
    const old = this.#leads.get(lead.id)
    if (old) this.#unindex(old)
    this.#leads.set(lead.id, lead)
    this.#lastLeadId = Math.max(this.#lastLeadId, lead.id)
    if (lead.cnpj !== null) {
      addTo(this.#byTaxId, taxKey(lead.cnpj), lead.id)
      addTo(this.#byCnpj, lead.cnpj, lead.id)
    }
    const code = lead.customFields['_cod.cliente']
    if (typeof code === 'string') addTo(this.#byClientCode, code, lead.id)
    nameIn(this.industries, lead.industry)
    nameIn(this.sources, lead.source)
    nameIn(this.subSources, lead.subSource)
  }

  #unindex(lead: LeadRow): void {
    if (lead.cnpj !== null) {
      removeFrom(this.#byTaxId, taxKey(lead.cnpj), lead.id)
      removeFrom(this.#byCnpj, lead.cnpj, lead.id)
    }
    const code = lead.customFields['_cod.cliente']
    if (typeof code === 'string') removeFrom(this.#byClientCode, code, lead.id)
  }

  #putPerson(person: PersonRow): void {
    const old = this.#persons.get(person.id)
    if (old) removeFrom(this.#personsOf, old.leadId, old.id)
    this.#persons.set(person.id, person)
    this.#lastPersonId = Math.max(this.#lastPersonId, person.id)
    addTo(this.#personsOf, person.leadId, person.id)
  }

  #deletePerson(id: number): void {
    const person = this.#persons.get(id)
    if (!person) return
    removeFrom(this.#personsOf, person.leadId, id)
    this.#persons.delete(id)
  }

  #deleteLead(id: number): void {
    const lead = this.#leads.get(id)
    if (!lead) return
    this.#unindex(lead)
    for (const person of this.personsOf(id)) this.#persons.delete(person.id)
    this.#leads.delete(id)
    this.#personsOf.delete(id)
    this.#products.delete(id)
    this.#sales.delete(id)
  }

  #clear(): void {
    for (const map of [this.#leads, this.#persons, this.#sales, this.#products, this.#byTaxId, this.#byCnpj, this.#byClientCode])
      map.clear()
    for (const map of [this.#personsOf, this.industries, this.sources, this.subSources]) map.clear()
    for (const name of this.#known.industries) nameIn(this.industries, name)
    for (const name of this.#known.sources) nameIn(this.sources, name)
    this.#lastLeadId = 0
    this.#lastPersonId = 0
  }

  #leadsIn(ids: ReadonlySet<number> | undefined): readonly LeadRow[] {
    return [...(ids ?? [])].sort((a, b) => a - b).map((id) => this.#leads.get(id)!)
  }
}

function nameIn(names: Map<string, number>, name: string | null): void {
  if (name !== null && !names.has(name)) names.set(name, names.size + 1)
}

function addTo<Key>(index: Map<Key, Set<number>>, key: Key, id: number): void {
  const ids = index.get(key)
  if (ids) ids.add(id)
  else index.set(key, new Set([id]))
}

function removeFrom<Key>(index: Map<Key, Set<number>>, key: Key, id: number): void {
  const ids = index.get(key)
  ids?.delete(id)
  if (ids?.size === 0) index.delete(key)
}
