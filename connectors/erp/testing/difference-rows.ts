/** Random branches, contacts and their mirror for the suite of the difference views: half of it as a push would leave it, half whatever. */
import { seededRandom } from '../../../lab/simulators/crm/random.ts'
import type { ErpHarness } from './contract/contract-harness.ts'

type Sql = Pick<ErpHarness, 'sql'>
type Value = string | number | null

const BATCH = 500

export async function fillAtRandom(erp: Sql, rows: number, seed: number): Promise<void> {
  const random = seededRandom(seed, 'difference')
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!
  for (let from = 1; from <= rows; from += BATCH) {
    const drawn = Array.from({ length: Math.min(BATCH, rows - from + 1) }, (_, index) => draw(from + index, random, pick))
    await insertAll(erp, drawn)
  }
}

const names = ['Padaria São João', 'PADARIA SÃO JOÃO', 'Padaria', null] as const

function draw(key: number, random: () => number, pick: <T>(values: readonly T[]) => T) {
  return {
    key,
    linked: random() < 0.9,
    mirrored: random() < 0.9,
    stage: pick(['Ativação', 'Activation', 'Descartado', 'Retenção/Expansão', null]),
    name: pick(names.slice(0, 3)),
    leadName: pick(names),
    city: pick([1, 2, 3, 404]),
    leadCity: pick(['São Paulo', 'RIO DE JANEIRO', 'Rio de Janeiro', null]),
    state: pick(['São Paulo', 'Rio de Janeiro', null]),
    number: pick([null, 0, 1, 2]),
    leadNumber: pick([null, 0, 1, 2]),
    registration: pick([null, 'ISENTO', '99', '110.0', '1100']),
    leadRegistration: pick([null, 'ISENTO', '1100']),
    zip: pick([null, '1001-000', '01001000']),
    rep: pick([7, 99]),
    same: random() < 0.5,
    email: pick(['a@x.com', 'A@X.com', 'b@x.com']),
    phone: pick([null, '(11) 9', '119']),
    title: pick(['chefe', 'CHEFE', null]),
    primary: pick(['S', 'N', 'Y', null]),
  }
}

async function insertAll(erp: Sql, drawn: readonly ReturnType<typeof draw>[]): Promise<void> {
  await insert(
    erp,
    'clients (client_code, company_name)',
    drawn.map(({ key }) => [key, 'C']),
  )
  await insert(
    erp,
    'branches (client, code, description, taxid, city, address_number, tax_registration, zipcode, sales_rep, id_crm)',
    drawn.map((row) => [
      ...[row.key, 1, row.name, String(row.key), row.city, row.number, row.registration, row.zip, row.rep],
      row.linked ? 100_000 + row.key : null,
    ]),
  )
  const shown = await erp.sql('select client_code, company_name, city, state from vw_crm_clients')
  const views = new Map(shown.map((row) => [Number(row.client_code), row]))
  const mirrored = drawn.filter((row) => row.mirrored)
  await insert(
    erp,
    'leads (id, stage, taxid, client_code, name, city, state, address_number, tax_registration, address_zipcode, sales_rep)',
    mirrored.map((row) => {
      const view = views.get(row.key)
      const own = row.same
        ? [view?.company_name ?? 'x', view?.city ?? null, view?.state ?? null, row.number, row.registration]
        : [row.leadName, row.leadCity, row.state, row.leadNumber, row.leadRegistration]
      return [100_000 + row.key, row.stage, String(row.key).padStart(14, '0'), row.key, ...own, row.zip, row.rep]
    }),
  )
  await insert(
    erp,
    'contact (branch_client, branch_code, name, email, phone, job_title_desc, is_primary, id_crm)',
    drawn.map((row) => [row.key, 1, row.name, row.email, row.phone, row.title, row.primary, row.linked ? 500_000 + row.key : null]),
  )
  await insert(
    erp,
    'contacts (id, client_code, name, email, phone, job_title, is_primary)',
    mirrored.map((row) => [
      ...[500_000 + row.key, row.key, row.same ? row.name : row.leadName, row.email.toLowerCase(), row.phone, row.title],
      row.primary === 'S' || row.primary === 'Y' ? 'S' : 'N',
    ]),
  )
}

const literal = (value: Value) => (typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value))

async function insert(erp: Sql, into: string, rows: readonly (readonly Value[])[]): Promise<void> {
  await erp.sql(`insert into ${into} values ${rows.map((row) => `(${row.map(literal).join(', ')})`).join(', ')}`)
}
