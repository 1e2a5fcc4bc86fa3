/** Believable edits by people in the ERP, for proving that updates reach the CRM. */
import type pg from 'pg'
import type { Cell } from '../../../engine/model.ts'
import { inTransaction } from '../../pg/transaction.ts'
import { drawAddress, drawNumber } from './address.ts'
import { drawCompany } from './company.ts'
import { drawObservation } from './credit.ts'
import { crmForm } from './crm-form.ts'
import { municipalities } from './municipalities.ts'
import { Random, streams } from './random.ts'
import { drawRegistration } from './registration.ts'
import { knownReps } from './sales-reps.ts'

export interface BranchEdit {
  readonly id_crm: string
  /** 14 positions. */
  readonly taxid: string
  /** Canonical column of the lead. A move changes the rest of the address too. */
  readonly field: 'NAME' | 'ADDRESS_STREET' | 'ADDRESS_NUMBER' | 'SALES_REP' | 'TAX_REGISTRATION' | 'FINANCIAL_ANALYSIS'
  /** Both in the form that is sent to the CRM (mission B.8); they differ. */
  readonly before: Cell
  readonly after: Cell
}

interface Found {
  readonly client: string
  readonly code: number
  readonly id_crm: string
  readonly taxid: string
  readonly description: string
  readonly address: string | null
  readonly address_number: number | null
  readonly sales_rep: string | null
  readonly tax_registration: string | null
  readonly financial_analysis: string | null
  readonly city: number
  readonly state: string
}

const LINKED = `
  select b.client, b.code, b.id_crm, b.taxid_key as taxid, b.description, b.address, b.address_number, b.sales_rep, b.tax_registration,
         (select h.observations from credit_limit_history h where h.client_code = b.client
           order by h.entry_date desc, h.observations desc nulls last limit 1) as financial_analysis,
         b.city::integer as city, b.state
    from branches b
    join leads l on l.id = b.id_crm
   where l.stage in (select alias from crm_stages where integrated = 'S') and b.city <= $3
   order by md5(b.id_crm || '-' || $2::text), b.id_crm limit $1 for update of b`

/** What one edit does: the columns of BRANCHES it sets, or a line of credit history, and what the CRM will see. */
interface Edit {
  readonly field: BranchEdit['field']
  readonly set: Readonly<Record<string, Cell | number>>
  readonly observation?: string
  readonly before: Cell
  readonly after: Cell
}

const edits: Record<BranchEdit['field'], (random: Random, found: Found) => Edit> = {
  NAME: (random, { description }) => {
    const { name } = drawCompany(random)
    return { field: 'NAME', set: { description: name }, before: crmForm('name', description), after: crmForm('name', name) }
  },
  ADDRESS_STREET: (random, { address, city }) => {
    const { street, number, complement, district, zip } = drawAddress(random, city - 1)
    const set = { address: street, address_number: number, complement, district, zipcode: zip }
    return { field: 'ADDRESS_STREET', set, before: crmForm('text', address), after: crmForm('text', street) }
  },
  ADDRESS_NUMBER: (random, { address_number }) => {
    const number = drawNumber(random)
    return { field: 'ADDRESS_NUMBER', set: { address_number: number }, before: String(address_number ?? 0), after: String(number ?? 0) }
  },
  SALES_REP: (random, { sales_rep }) => {
    const rep = String(random.pick(knownReps))
    // No rep and 99 are the same to the CRM.
    return { field: 'SALES_REP', set: { sales_rep: rep }, before: sales_rep ?? '99', after: rep }
  },
  TAX_REGISTRATION: (random, { tax_registration, state }) => {
    const registration = drawRegistration(random, state, false)
    const set = { tax_registration: registration }
    return {
      field: 'TAX_REGISTRATION',
      set,
      before: crmForm('registration', tax_registration),
      after: crmForm('registration', registration),
    }
  },
  FINANCIAL_ANALYSIS: (random, { financial_analysis }) => {
    const observation = drawObservation(random)
    return {
      field: 'FINANCIAL_ANALYSIS',
      set: {},
      observation,
      before: crmForm('text', financial_analysis),
      after: crmForm('text', observation),
    }
  },
}
const fields = Object.keys(edits) as BranchEdit['field'][]

const sameToTheCrm = (edit: Edit): boolean => edit.before?.toUpperCase() === edit.after?.toUpperCase()

/**
 * Edits up to `count` linked branches whose lead stands in an integrated stage, one field each, in one transaction. Which and how
 * follows from `seed` and the data. Answers what changed: fewer than `count` when there are fewer such branches.
 */
export async function editBranches(pool: pg.Pool, options: { readonly count: number; readonly seed: number }): Promise<BranchEdit[]> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<Found>(LINKED, [options.count, options.seed, municipalities.length])
    const done: BranchEdit[] = []
    for (const found of rows) {
      const random = new Random(options.seed, streams.edit, Number(found.id_crm))
      const field = fields[done.length % fields.length]!
      let edit = edits[field](random, found)
      while (sameToTheCrm(edit)) edit = edits[field](random, found)
      await apply(client, found, edit)
      done.push({ id_crm: found.id_crm, taxid: found.taxid, field, before: edit.before, after: edit.after })
    }
    return done
  })
}

async function apply(client: pg.PoolClient, found: Found, { set, observation }: Edit): Promise<void> {
  const assignments = Object.keys(set).map((column, place) => `${column} = $${place + 3}, `)
  await client.query(
    `update branches set ${assignments.join('')}last_update_user = 'DEMO', last_update_date = localtimestamp where client = $1 and code = $2`,
    [found.client, found.code, ...Object.values(set)],
  )
  if (observation === undefined) return
  // Newer than every line there is, also when two edits come within one tick of the clock.
  await client.query(
    `insert into credit_limit_history (client_code, sequence_number, entry_date, observations, entry_user)
     select $1, coalesce(max(sequence_number), 0) + 1, greatest(localtimestamp, max(entry_date) + interval '1 second'), $2, 'DEMO'
       from credit_limit_history where client_code = $1`,
    [found.client, observation],
  )
}
