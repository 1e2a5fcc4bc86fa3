/** Whom a line of any letter is about: what Ponte wrote, what the CRM sent, what the old system or a hand left there. */

import { kindOf } from '../records/kinds.ts'
import { padTaxId } from './find-dead.ts'

export interface LineAbout {
  /** Normalised. */
  readonly taxIds: ReadonlySet<string>
  readonly leadId: string | null
  /** Key of a branch that is to become a lead. */
  readonly branch: string | null
  /** Code of an ERP contact. */
  readonly contact: string | null
}

/** Names under which a tax id stands, in any case: the view's, the CRM's, the old system's. */
const taxNames = new Set(['TAXID', 'TAX_ID', 'CNPJ', 'CPF', 'CPFCNPJ', 'CPF_CNPJ', 'LEAD_CNPJ'])
const leadNames = new Set(['LEAD_ID', 'LEADID'])
const deepest = 8

/** A line that is no JSON is about nobody by name; a tax id in it is found all the same. */
export function aboutOf(prefix: string, text: string): LineAbout {
  const taxIds = new Set<string>()
  const found = { leadId: null as string | null, ID: null as string | null, CODE: null as string | null }
  // No key holds a control character, and no database of ours could be asked for one that holds a NUL.
  const keyOf = (value: unknown): string | null => (/\p{Cc}/u.test(String(value)) ? null : String(value))
  const visit = (value: unknown, path: readonly string[]): void => {
    if (typeof value === 'object' && value !== null) {
      if (path.length < deepest) for (const [name, inner] of Object.entries(value)) visit(inner, [...path, name.toUpperCase()])
      return
    }
    if (value === null || value === '') return
    const name = path.at(-1) ?? ''
    if (taxNames.has(name)) taxIds.add(padTaxId(String(value)))
    if (leadNames.has(name) || (name === 'ID' && path.at(-2) === 'LEAD')) found.leadId ??= keyOf(value)
    if (path.length === 1 && (name === 'ID' || name === 'CODE')) found[name] = keyOf(value)
  }
  const parsed = parse(text)
  if (parsed === undefined)
    for (const [written] of text.matchAll(/\d{2}[./-]?\w{3}[./-]?\w{3}[./-]?\w{4}[./-]?\d{2}/g)) taxIds.add(padTaxId(written))
  else visit(parsed, [])
  const names = kindOf(prefix)?.entity?.names
  // Elsewhere ID is the person's, or nobody says whose.
  const isLead = names === 'lead' || prefix === 'full_sync_leads'
  return {
    taxIds,
    leadId: found.leadId ?? (isLead ? found.ID : null),
    branch: names === 'branch' ? found.ID : null,
    contact: names === 'row' ? found.CODE : null,
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
