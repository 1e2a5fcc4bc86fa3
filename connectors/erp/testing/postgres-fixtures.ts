/** Rows of the ERP for this room's tests. */
import type { ErpHarness } from './contract/contract-harness.ts'

/** Two states of Brazil and one abroad, three cities, four industries, two representatives. */
export async function seedGeography({ sql }: Pick<ErpHarness, 'sql'>): Promise<void> {
  const insert = async (table: string, columns: string, ...rows: string[]) => {
    // Oracle 19c inserts one list of values at a time.
    for (const row of rows) await sql(`insert into ${table} (${columns}) values (${row})`)
  }
  await insert('countries', 'code, name', "'BR', 'BRASIL'", "'US', 'UNITED STATES'")
  await insert('states', 'code, name', "'SP', 'SÃO PAULO'", "'RJ', 'RIO DE JANEIRO'", "'NY', 'NEW YORK'")
  await insert(
    'cities',
    'id, city_code, city_name, state_code, country_code',
    "1, '3550308', 'SÃO PAULO', 'SP', 'BR'",
    "2, '3304557', 'RIO DE JANEIRO', 'RJ', 'BR'",
    "3, '1', 'NEW YORK', 'NY', 'US'",
  )
  await insert('industries', 'industry, description', "'10', 'OUTROS'", "'20', 'CONSTRUÇÃO'", "'21', 'CONSTRUCAO'", "'30', 'ALIMENTOS'")
  await insert('sales_reps', 'code, email', "7, 'seven@example.com'", '99, null')
}

/** A client with one branch; `columns` are further columns of the branch as SQL literals. */
export async function addBranch(
  { sql }: Pick<ErpHarness, 'sql'>,
  client: number,
  columns: Readonly<Record<string, string>> = {},
  code = 1,
): Promise<void> {
  if (code === 1) await sql(`insert into clients (client_code, company_name) values (${client}, 'CLIENT ${client}')`)
  const all = { client: String(client), code: String(code), description: `'BRANCH ${client}'`, city: '1', ...columns }
  await sql(`insert into branches (${Object.keys(all).join(', ')}) values (${Object.values(all).join(', ')})`)
}

/** Writes a lead into the mirror, as a webhook's job does: the trigger fires. `columns`: SQL literals. */
export async function addLead({ sql }: Pick<ErpHarness, 'sql'>, id: number, columns: Readonly<Record<string, string>> = {}): Promise<void> {
  const all = { id: String(id), name: `'Lead ${id}'`, stage: "'Desenvolvimento/Orçamento'", ...columns }
  await sql(`insert into leads (${Object.keys(all).join(', ')}) values (${Object.values(all).join(', ')})`)
}

/** Physical versions of every ERP row: equal before and after means that nothing was written. */
export async function rowVersions({ sql }: Pick<ErpHarness, 'sql'>): Promise<unknown> {
  const tables = ['clients', 'branches', 'client_industries', 'credit_limit_history', 'sales_rep_branches', 'billing_addresses', 'contact']
  const versions = []
  for (const table of tables) versions.push(await sql(`select '${table}' as t, ctid::text, xmin::text from ${table} order by ctid`))
  return versions
}

/** A lead with everything, as SQL literals. */
export const FULL_LEAD = {
  name: "'Padaria Sol'",
  taxid: "'01222333000181'",
  industry: "'Construção'",
  phone: "'1133334444'",
  address_street: "'Rua A'",
  address_zipcode: "'01001000'",
  address_number: '55',
  address_complement: "'sala 3'",
  address_district: "'Centro'",
  city: "'Sao Paulo'",
  state: "'são paulo'",
  sales_rep: '7',
  tax_registration: "'110.042.490-114'",
  financial_analysis: "'good'",
}

/** Runs `work` while a rule of the ERP's own refuses. */
export async function withCheck(
  { sql }: Pick<ErpHarness, 'sql'>,
  table: string,
  check: string,
  work: () => Promise<unknown>,
): Promise<void> {
  await sql(`alter table ${table} add constraint none check (${check})`)
  try {
    await work()
  } finally {
    await sql(`alter table ${table} drop constraint none`)
  }
}

/** SQLSTATE and message of a statement that must be refused, written as PostgreSQL's and MySQL's schema write them. */
export async function refusal(statement: Promise<unknown>): Promise<{ state: string; message: string }> {
  try {
    await statement
  } catch (error) {
    const { code, sqlState, message } = error as { code: string; sqlState?: string; message: string }
    const oracle = /^ORA-20(\d{3}): /.exec(message)
    return oracle === null ? { state: sqlState ?? code, message } : { state: `P2${oracle[1]}`, message: message.replaceAll('ORA-', '-') }
  }
  throw new Error('the statement was not refused')
}
