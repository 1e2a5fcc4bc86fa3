/** Believable edits by people in the ERP, for proving that updates reach the CRM. */
import type { Cell } from '../../../engine/model.ts'
import type { DemoDatabase, DemoSession, Found, Value } from '../database/database.ts'
import { Random, streams } from '../random.ts'
import { drawAddress, drawNumber } from '../records/address.ts'
import { drawCompany } from '../records/company.ts'
import { drawObservation } from '../records/credit.ts'
import { crmForm } from '../records/crm-form.ts'
import { drawRegistration } from '../records/registration.ts'
import { knownReps } from '../records/sales-reps.ts'
import { municipalities } from '../words/municipalities.ts'
import { chosen } from './chosen.ts'

export interface BranchEdit {
  readonly id_crm: string
  /** 14 positions. */
  readonly taxid: string
  /** Canonical column of the lead. A move changes the rest of the address too. */
  readonly field: 'NAME' | 'ADDRESS_STREET' | 'ADDRESS_NUMBER' | 'SALES_REP' | 'TAX_REGISTRATION' | 'FINANCIAL_ANALYSIS'
  /** Both in the form that is sent to the CRM; they differ. */
  readonly before: Cell
  readonly after: Cell
}

interface Branch extends Found {
  readonly client: string
  readonly code: string
  readonly id_crm: string
  readonly taxid: string
  readonly description: string
  readonly address: Cell
  readonly address_number: Cell
  readonly sales_rep: Cell
  readonly tax_registration: Cell
  readonly city: string
  readonly state: string
}

const LINKED = `
  select b.client, b.code, b.id_crm from branches b join leads l on l.id = b.id_crm
   where l.stage in (select alias from crm_stages where integrated = 'S') and b.city <= ?`

const LOCKED = `
  select client, code, id_crm, taxid_key as taxid, description, address, address_number, sales_rep, tax_registration, city, state
    from branches where client = ? and code = ? for update`

/** The newest; of one day the one that the views take. */
const ANALYSIS = `
  select observations from credit_limit_history where client_code = ? order by sequence_number desc`

/** What one edit does: the columns of BRANCHES it sets, or a line of credit history, and what the CRM will see. */
interface Edit {
  readonly field: BranchEdit['field']
  readonly set: Readonly<Record<string, Value>>
  readonly observation?: string
  readonly before: Cell
  readonly after: Cell
}

type Before = Branch & { readonly analysis: Cell }

const edits: Record<BranchEdit['field'], (random: Random, found: Before) => Edit> = {
  NAME: (random, { description }) => {
    const { name } = drawCompany(random)
    return { field: 'NAME', set: { description: name }, before: crmForm('name', description), after: crmForm('name', name) }
  },
  ADDRESS_STREET: (random, { address, city }) => {
    const { street, number, complement, district, zip } = drawAddress(random, Number(city) - 1)
    const set = { address: street, address_number: number, complement, district, zipcode: zip }
    return { field: 'ADDRESS_STREET', set, before: crmForm('text', address), after: crmForm('text', street) }
  },
  ADDRESS_NUMBER: (random, { address_number }) => {
    const number = drawNumber(random)
    return { field: 'ADDRESS_NUMBER', set: { address_number: number }, before: address_number ?? '0', after: String(number ?? 0) }
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
  FINANCIAL_ANALYSIS: (random, { analysis }) => {
    const observation = drawObservation(random)
    return {
      field: 'FINANCIAL_ANALYSIS',
      set: {},
      observation,
      before: crmForm('text', analysis),
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
export async function editBranches(
  database: DemoDatabase,
  options: { readonly count: number; readonly seed: number },
): Promise<BranchEdit[]> {
  return database.transaction(async (session) => {
    const linked = await session.rows<Pick<Branch, 'client' | 'code' | 'id_crm'>>(LINKED, [municipalities.length])
    const done: BranchEdit[] = []
    for (const { client, code } of chosen(linked, options)) {
      const found = (await session.rows<Branch>(LOCKED, [client, code]))[0]!
      const analysis = (await session.rows(ANALYSIS, [client], 1))[0]?.observations ?? null
      const random = new Random(options.seed, streams.edit, Number(found.id_crm))
      const field = fields[done.length % fields.length]!
      const draw = () => edits[field](random, { ...found, analysis })
      let edit = draw()
      while (sameToTheCrm(edit)) edit = draw()
      await apply(session, found, edit)
      done.push({ id_crm: found.id_crm, taxid: found.taxid, field, before: edit.before, after: edit.after })
    }
    return done
  })
}

async function apply(session: DemoSession, { client, code }: Branch, { set, observation }: Edit): Promise<void> {
  const assignments = Object.keys(set).map((column) => `${column} = ?, `)
  await session.rows(
    `update branches set ${assignments.join('')}last_update_user = 'DEMO', last_update_date = localtimestamp(6) where client = ? and code = ?`,
    [...Object.values(set), client, code],
  )
  if (observation !== undefined) await session.rows(APPEND, [observation, client])
}

/** The latest line is the one with the highest number. */
const APPEND = `
  insert into credit_limit_history (client_code, sequence_number, entry_date, observations, entry_user)
  select c.client_code,
         coalesce((select max(h.sequence_number) from credit_limit_history h where h.client_code = c.client_code), 0) + 1,
         localtimestamp(6),
         ?, 'DEMO'
    from clients c where c.client_code = ?`
