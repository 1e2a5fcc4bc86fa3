/** One client with everything that hangs on it, drawn from its own streams. */

import type { Settings } from '../options.ts'
import type { PlannedClient, Role } from '../plan.ts'
import { Random, streams } from '../random.ts'
import { type Municipality, municipalities } from '../words/municipalities.ts'
import { type Address, drawAddress, drawCity } from './address.ts'
import { type Commerce, drawCommerce } from './commerce.ts'
import { type Company, cutName, drawCompany, drawSector } from './company.ts'
import { type Contact, drawContacts } from './contacts.ts'
import { type CreditLine, drawCreditHistory } from './credit.ts'
import { drawPhone } from './people.ts'
import { drawRegistration } from './registration.ts'
import { knownReps, strangerReps } from './sales-reps.ts'
import { alphanumericRoot, cnpj, cpf, numericRoot } from './tax-id.ts'

export const FIRST_CLIENT_CODE = 10_001
const FIRST_LEAD_ID = 1_000_001

export interface Branch {
  /** 0 to branches-1 over the whole data. */
  readonly index: number
  /** 1 and up within the client; also the order number of its CNPJ. */
  readonly code: number
  readonly role: Role
  readonly description: string
  readonly address: Address
  /** False: the ERP has no city for it, and VW_CRM_CLIENTS does not show it. */
  readonly hasCity: boolean
  readonly salesRep: number | null
  readonly phone: string | null
  /** 14 positions of a CNPJ, 11 digits of a CPF. */
  readonly taxId: string
  /** The same as the ERP keeps it: sometimes without its leading zero. */
  readonly storedTaxId: string
  readonly registration: string | null
  readonly email: string | null
  readonly crmId: number | null
  readonly flag: 'S' | 'Y' | 'N' | null
  /** Codes of INDUSTRIES, none to two. */
  readonly industries: readonly number[]
  readonly createdDay: number
  readonly contacts: readonly Contact[]
  readonly commerce: Commerce
  /** Stage of its lead; only linked branches have one. */
  readonly stage: string | null
}

export interface Client {
  readonly code: number
  readonly company: Company
  readonly branches: readonly Branch[]
  readonly credit: readonly CreditLine[]
  readonly createdDay: number
}

/** The integrated stages and how many of a hundred leads stand in each. */
const stages = ['Desenvolvimento/Orçamento', 'Ativação', 'Retenção/Expansão'] as const
const STAGE_SHARES = [50, 85, 100]

const offsetOf = (seed: number): number => (seed * 7_919 + 104_729) % 98_765_431

interface Holder {
  readonly isPerson: boolean
  readonly taxId: (order: number) => string
}

/** Nine in a hundred companies are young enough for an alphanumeric CNPJ; two in a hundred clients of one branch are people. */
function drawHolder(settings: Settings, client: PlannedClient): Holder {
  const random = new Random(settings.seed, streams.client, client.index)
  const offset = offsetOf(settings.seed)
  if (client.size === 1 && random.chance(2)) {
    const number = cpf(client.index, offset)
    return { isPerson: true, taxId: () => number }
  }
  const root = random.chance(9) ? alphanumericRoot(client.index, offset) : numericRoot(client.index, offset)
  return { isPerson: false, taxId: (order) => cnpj(root, order) }
}

function drawRep(random: Random, role: Role): number | null {
  const kind = random.below(100)
  if (kind < 4) return null
  return kind < 7 && role !== 'linked' ? random.pick(strangerReps) : random.pick(knownReps)
}

const drawFlag = (random: Random, role: Role): Branch['flag'] =>
  role === 'plain' ? (random.chance(60) ? 'N' : null) : random.chance(8) ? 'Y' : 'S'

function buildBranch(settings: Settings, plan: PlannedClient, place: number, holder: Holder, company: Company, home: number): Branch {
  const index = plan.index + place
  const random = new Random(settings.seed, streams.branch, index)
  const role = place === plan.chosen ? plan.role : 'plain'
  const lead = role === 'linked' ? plan.ordinal : 0
  // Branches stay in the client's town as often as not.
  const city = place > 0 && random.chance(50) ? drawCity(random) : home
  const area: Municipality = municipalities[city]!
  const stagePlace = random.place(STAGE_SHARES)
  const industries = random.chance(4) ? [] : [company.sector.code]
  const second = drawSector(random).code
  if (random.chance(12) && !industries.includes(second)) industries.push(second)
  const taxId = plan.twinOf && role === 'eligible' ? taxIdOfTwin(settings, plan.twinOf) : holder.taxId(place + 1)
  const losesZero = taxId.startsWith('0') && /^\d+$/.test(taxId) && random.chance(25)
  return {
    index,
    code: place + 1,
    role,
    description: place > 0 && random.chance(40) ? cutName(`${company.name.trimEnd()} - Filial ${area.name}`) : company.name,
    address: drawAddress(random, city),
    hasCity: role !== 'plain' || !random.chance(3),
    salesRep: drawRep(random, role),
    phone: random.chance(6) ? null : drawPhone(random, area.areaCode),
    taxId,
    storedTaxId: losesZero ? taxId.slice(1) : taxId,
    registration: drawRegistration(random, area.state, holder.isPerson),
    email: random.chance(20) ? null : `nfe${place === 0 ? '' : place + 1}@${company.domain}`,
    crmId: role === 'linked' ? FIRST_LEAD_ID + plan.ordinal : null,
    flag: drawFlag(random, role),
    industries,
    createdDay: settings.todayNumber - random.between(30, 5_000),
    contacts: drawContacts(settings, index, role, lead, area.areaCode, company.domain),
    commerce: drawCommerce(settings, index, role, role === 'linked' && stagePlace > 0),
    stage: role === 'linked' ? stages[stagePlace]! : null,
  }
}

const taxIdOfTwin = (settings: Settings, twin: PlannedClient): string => drawHolder(settings, twin).taxId(twin.chosen + 1)

/** The client of a plan, with those of its branches that are among the first `settings.branches`. */
export function buildClient(settings: Settings, plan: PlannedClient): Client {
  const holder = drawHolder(settings, plan)
  // Its own stream, past what the holder drew.
  const random = new Random(settings.seed, streams.client, plan.index + 0x8000_0000)
  const company = drawCompany(random)
  const home = drawCity(random)
  const count = Math.min(plan.size, settings.branches - plan.index)
  return {
    code: FIRST_CLIENT_CODE + plan.index,
    company,
    branches: Array.from({ length: count }, (_, place) => buildBranch(settings, plan, place, holder, company, home)),
    credit: drawCreditHistory(settings, plan.index),
    createdDay: settings.todayNumber - random.between(30, 6_000),
  }
}
