/** Everything personal that a demo handled, searched for in everything that it logged. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'

/** @param folder of a demo that has ended: its log, and the simulated CRM's own record of every value it saw */
export function expectNoPersonalData(folder: string, ...printed: readonly string[]): void {
  const values = new Set<string>()
  const crm = join(folder, 'simulator-crm')
  for (const file of readdirSync(crm).filter((name) => name.endsWith('.ndjson')))
    for (const line of readFileSync(join(crm, file), 'utf8').split('\n')) if (line !== '') collect(JSON.parse(line), values)
  expect(values.size, 'the record holds what to look for').toBeGreaterThan(500)
  const log = [readFileSync(join(folder, 'ponte.log'), 'utf8'), ...printed].join('\n')
  expect(log.split('\n').length).toBeGreaterThan(50)
  expect([...values].filter((value) => log.includes(value))).toEqual([])
  for (const secret of [/Bearer (?!\[)/i, /whsec_/, /(postgres(ql)?|mysql):\/\/[^:/\s]+:(?!\[)[^@\s]+@/, /"token_exact":"(?!\[)/])
    expect(log).not.toMatch(secret)
}

const personal = new Set(['lead', 'name', 'cnpj', 'cpfcnpj', 'email', 'phone', 'phone1', 'Company', 'CpfCnpj'])

/** Long enough that it cannot be part of an innocent word or number. */
const isTelling = (value: string): boolean => value.length >= 9 && !/^0+$/.test(value)

function collect(value: unknown, into: Set<string>): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, item] of Object.entries(value)) {
    if (typeof item === 'string' && personal.has(key) && isTelling(item)) into.add(item)
    collect(item, into)
  }
}
