/** Leads that a salesperson types into the CRM: companies that the ERP does not know. Fields have the names of `GET Leads`. */

import { Random, streams } from '../random.ts'
import { municipalities } from '../words/municipalities.ts'
import { states } from '../words/states.ts'
import { drawAddress, drawCity } from './address.ts'
import { drawCompany } from './company.ts'
import { titleCase } from './crm-form.ts'
import { drawPerson, drawPhone } from './people.ts'
import { knownReps } from './sales-reps.ts'
import { alphanumericRoot, cnpj, numericRoot } from './tax-id.ts'

export interface TypedLead {
  readonly lead: Readonly<Record<string, unknown>>
  readonly person: Readonly<Record<string, unknown>>
}

/** Beyond the roots of generated clients. */
const firstRoot = 90_000_000

/** @param index from 0; every second one has a tax id with letters, as companies founded since July 2026 */
export function drawTypedLead(seed: number, index: number): TypedLead {
  const random = new Random(seed, streams.typed, index)
  const company = drawCompany(random)
  const address = drawAddress(random, drawCity(random))
  const place = municipalities[address.city]!
  const root = index % 2 === 0 ? numericRoot(firstRoot + index, seed) : alphanumericRoot(firstRoot + index, seed)
  const someone = drawPerson(random)
  const phone = drawPhone(random, place.areaCode).replace(/\D/g, '')
  return {
    lead: {
      lead: company.name.trim().slice(0, 40).trim(),
      cnpj: cnpj(root, 1),
      stage: 'Passagem de bastão',
      phone1: phone,
      industry: titleCase(company.sector.description),
      source: 'Indicação',
      street: address.street,
      cep: address.zip.replace(/\D/g, '').padStart(8, '0'),
      number: address.number ? String(address.number) : 'SN',
      complement: address.complement?.trim() ?? '',
      district: address.district,
      city: place.name,
      state: states.find(({ code }) => code === place.state)!.name,
      customFields: { '_cod.gestores': [String(random.pick(knownReps))], _inscricaoestadual: '99' },
    },
    person: {
      name: someone.name,
      email: `${someone.mailbox}@${company.domain}`,
      phone1: phone,
      jobTitle: 'Sócio',
      mainContact: true,
    },
  }
}
