import { createHash } from 'node:crypto'
import { cnpj, cpf } from 'cpf-cnpj-validator'
import { describe, expect, it } from 'vitest'
import { testSeed } from '../../base/testing/random.ts'
import { copyLine } from './database/copy-text.ts'
import { generateDemoData } from './generate.ts'
import type { DemoOptions } from './options.ts'
import type { Branch, Client } from './records/client.ts'
import { plainWord } from './records/people.ts'
import { municipalities } from './words/municipalities.ts'
import { states } from './words/states.ts'

const isLong = process.env.PONTE_TEST_LONG === '1'
const branches = isLong ? 200_000 : 5_000
const seed = testSeed()
const today = '2026-11-22'

const all = (options: Partial<DemoOptions> = {}): Client[] => [...generateDemoData({ branches, seed, today, ...options }).clients()]
const clients = all()
const flat: Branch[] = clients.flatMap((client) => client.branches)
const count = (test: (branch: Branch) => boolean) => flat.filter(test).length
const digest = (options: DemoOptions, table: string): string => {
  const hash = createHash('md5')
  for (const row of generateDemoData(options).rows(table)) hash.update(copyLine(row))
  return hash.digest('hex')
}

describe(`demo data of ${branches} branches, seed ${seed}`, () => {
  it('is the same bytes for the same seed and day, and others for another seed', () => {
    const small = { branches: 200, seed, today }
    for (const { name } of generateDemoData(small).tables) expect(digest(small, name), name).toBe(digest(small, name))
    expect(digest({ ...small, seed: seed + 1 }, 'branches')).not.toBe(digest(small, 'branches'))
    expect(digest({ ...small, seed: seed + 2 ** 32 }, 'branches')).not.toBe(digest(small, 'branches'))
    expect(digest({ ...small, today: '2026-11-23' }, 'budget_item')).not.toBe(digest(small, 'budget_item'))
  })

  it('keeps the golden bytes of seed 1, so that an upgrade of ours never changes data by accident', () => {
    expect(digest({ branches: 300, seed: 1, today }, 'branches')).toMatchInlineSnapshot(`"b68110d4065ac2be00d46bc0f4fc4b24"`)
  })

  it('draws a branch from its own index: the same in a small demo and in a large one', () => {
    const few = all({ branches: 750 }).flatMap((client) => client.branches)
    expect(few).toHaveLength(750)
    expect(few).toEqual(flat.slice(0, 750))
  })

  it('has exactly as many branches as asked, also when the last client is cut', () => {
    for (const asked of [1, 2, 99, 100, 101, 1_234]) {
      const got = all({ branches: asked }).flatMap((client) => client.branches)
      expect(got.map(({ index }) => index)).toEqual(Array.from({ length: asked }, (_, index) => index))
    }
  })

  it('flags 35 and links 25 of every hundred, at most one of a client', () => {
    expect(count(({ role }) => role === 'eligible')).toBe(branches * 0.35)
    expect(count(({ role }) => role === 'linked')).toBe(branches * 0.25)
    for (const { branches } of clients) expect(branches.filter(({ role }) => role !== 'plain').length).toBeLessThanOrEqual(1)
    for (const { role, flag, crmId } of flat) {
      expect(flag === 'S' || flag === 'Y').toBe(role !== 'plain')
      expect(crmId !== null).toBe(role === 'linked')
    }
  })

  it('takes other shares', () => {
    const got = all({ branches: 1_000, eligiblePercent: 0, linkedPercent: 70 }).flatMap((client) => client.branches)
    expect(got.filter(({ role }) => role === 'linked')).toHaveLength(700)
    expect(got.filter(({ role }) => role === 'eligible')).toHaveLength(0)
  })

  it('gives every branch a valid tax id of its own: numeric and alphanumeric CNPJ, some CPF', () => {
    const kinds = { numeric: 0, alphanumeric: 0, person: 0, lostZero: 0 }
    for (const { taxId, storedTaxId } of flat) {
      if (taxId.length === 11) expect(cpf.isValid(taxId), taxId).toBe(true)
      else expect(cnpj.isValid(taxId), taxId).toBe(true)
      expect(storedTaxId.padStart(taxId.length, '0')).toBe(taxId)
      if (storedTaxId !== taxId) kinds.lostZero++
      kinds[taxId.length === 11 ? 'person' : /[A-Z]/.test(taxId) ? 'alphanumeric' : 'numeric']++
    }
    expect(new Set(flat.map(({ taxId }) => taxId.padStart(14, '0'))).size).toBe(branches)
    expect(kinds.alphanumeric).toBeGreaterThan(branches * 0.05)
    expect(kinds.person).toBeGreaterThan(branches * 0.005)
    expect(kinds.lostZero).toBeGreaterThan(branches * 0.01)
  })

  it('numbers the establishments of a company from 0001 under one root', () => {
    for (const { branches } of clients) {
      if (branches[0]!.taxId.length === 11) continue
      for (const { code, taxId } of branches) {
        expect(taxId.slice(0, 8)).toBe(branches[0]!.taxId.slice(0, 8))
        expect(Number(taxId.slice(8, 12))).toBe(code)
      }
    }
  })

  it('gives every flagged branch a city, and leaves some others without', () => {
    expect(flat.every(({ role, hasCity }) => role === 'plain' || hasCity)).toBe(true)
    expect(count(({ hasCity }) => !hasCity)).toBeGreaterThan(0)
  })

  it('puts every address inside the postal codes and the telephone area of its municipality', () => {
    for (const { address, phone } of flat) {
      const place = municipalities[address.city]!
      const zip = Number(address.zip.replace('-', ''))
      expect(zip).toBeGreaterThanOrEqual(place.firstZip)
      expect(zip).toBeLessThanOrEqual(place.lastZip)
      const digits = phone?.replace(/\D/g, '') ?? ''
      if (phone) expect(digits.length > 11 ? digits.slice(2) : digits).toMatch(new RegExp(`^${place.areaCode}(9[6-9]\\d{7}|[2-5]\\d{7})$`))
    }
  })

  it('has no ambiguous tax ids unless asked, then exactly so many pairs, all flagged and unlinked', () => {
    const options = { branches: 1_000, ambiguous: 25 }
    const holders = new Map<string, Branch[]>()
    for (const branch of all(options).flatMap((client) => client.branches)) {
      const same = holders.get(branch.taxId)
      if (same) same.push(branch)
      else holders.set(branch.taxId, [branch])
    }
    const shared = [...holders.values()].filter((same) => same.length > 1)
    expect(shared).toHaveLength(25)
    for (const same of shared) expect(same.map(({ role }) => role)).toEqual(['eligible', 'eligible'])
  })

  it('holds the hard cases: long names, quotes, ampersands, accents, lost zeros, missing and odd values', () => {
    const cases: Record<string, (branch: Branch) => boolean> = {
      'name over 40': ({ description }) => description.length > 40,
      quote: ({ description }) => description.includes('"'),
      apostrophe: ({ description }) => description.includes("'"),
      ampersand: ({ description }) => description.includes('&'),
      'trailing blank': ({ description }) => description.endsWith(' '),
      'zip without its zero': ({ address }) => address.zip.length === 7,
      'formatted zip': ({ address }) => address.zip.includes('-'),
      'no number': ({ address }) => address.number === null,
      'number 0': ({ address }) => address.number === 0,
      'S/N in the street': ({ address }) => address.street.endsWith('S/N'),
      'no complement': ({ address }) => address.complement === null,
      'no rep': ({ salesRep }) => salesRep === null,
      'rep unknown to the CRM': ({ salesRep, role }) => (salesRep ?? 0) > 50 && salesRep !== 99 && role === 'eligible',
      exempt: ({ registration }) => registration === 'ISENTO',
      'empty registration': ({ registration }) => registration === '',
      'no registration': ({ registration }) => registration === null,
      'formatted registration': ({ registration }) => /\d\.\d/.test(registration ?? ''),
      'no industry': ({ industries }) => industries.length === 0,
      'two industries': ({ industries }) => industries.length === 2,
      'contact without branch': ({ contacts }) => contacts.some(({ hasBranch }) => !hasBranch),
      'contact without e-mail': ({ contacts }) => contacts.some(({ email }) => email === null),
      'shouted e-mail': ({ contacts }) => contacts.some(({ email }) => email !== null && /[A-Z]/.test(email)),
      'four contacts': ({ contacts }) => contacts.length === 4,
      'unsent contact of a linked branch': ({ role, contacts }) =>
        role === 'linked' && contacts.some(({ crmId, email, hasBranch }) => crmId === null && email !== null && hasBranch),
      'budget today': ({ commerce }) => commerce.budgets.some(({ items }) => isoToday(items[0]!.day)),
      'order today': ({ commerce }) => commerce.orders.some(({ items }) => isoToday(items[0]!.day)),
      'service order': ({ commerce }) => commerce.serviceOrder !== null,
    }
    for (const [name, test] of Object.entries(cases)) expect(count(test), name).toBeGreaterThan(0)
    expect(clients.some(({ credit }) => credit.length > 1 && credit.at(-1)!.day === credit.at(-2)!.day)).toBe(true)
    const offices = flat
      .flatMap(({ contacts }) => contacts.map(({ email }) => email?.trim().toLowerCase() ?? ''))
      .filter((email) => email.endsWith('.cnt.br'))
    expect(offices.length - new Set(offices).size).toBeGreaterThan(50)
  })

  it('gives a branch no e-mail twice, and mostly exactly one primary contact', () => {
    let one = 0
    let some = 0
    for (const { contacts } of flat) {
      const emails = contacts.flatMap(({ email }) => (email ? [email.trim().toLowerCase()] : []))
      expect(new Set(emails).size).toBe(emails.length)
      if (contacts.length === 0) continue
      some++
      if (contacts.filter(({ isPrimary }) => isPrimary === 'S').length === 1) one++
    }
    expect(one / some).toBeGreaterThan(0.9)
  })

  it.each([
    [{ branches: 0 }, 'branches'],
    [{ branches: 1.5 }, 'branches'],
    [{ seed: -1 }, 'seed'],
    [{ today: '2026-02-30' }, 'today'],
    [{ today: 'now' }, 'today'],
    [{ branches: 99, ambiguous: 1 }, 'ambiguous'],
    [{ eligiblePercent: 50, linkedPercent: 30 }, 'linkedPercent'],
  ])('refuses %o, naming the option', (options, name) => {
    expect(() => generateDemoData({ branches: 100, seed: 1, today, ...options })).toThrow(
      expect.objectContaining({ code: 'demo.bad_option', exitCode: 2, message: expect.stringContaining(name) }),
    )
  })
})

const isoToday = (day: number) => new Date(day * 86_400_000).toISOString().startsWith(today)

describe('the gazetteer', () => {
  it('has at least 150 municipalities of all 27 states, with unique codes and no postal code in two places', () => {
    expect(municipalities.length).toBeGreaterThanOrEqual(150)
    expect(new Set(municipalities.map(({ state }) => state))).toEqual(new Set(states.map(({ code }) => code)))
    expect(states).toHaveLength(27)
    expect(new Set(municipalities.map(({ code }) => code)).size).toBe(municipalities.length)
    const ranges = municipalities.map(({ firstZip, lastZip }) => [firstZip, lastZip] as const).sort(([a], [b]) => a - b)
    for (const [place, [first, last]] of ranges.entries()) {
      expect(last).toBeGreaterThan(first)
      expect(first).toBeGreaterThan(ranges[place - 1]?.[1] ?? 0)
    }
  })

  it('knows accents, hyphens and apostrophes, and each name once per state', () => {
    const names = municipalities.map(({ name }) => name)
    for (const name of [
      'São João del-Rei',
      "Olho d'Água das Flores",
      'Ji-Paraná',
      'Não-Me-Toque',
      "Sant'Ana do Livramento",
      'Florianópolis',
    ]) {
      expect(names).toContain(name)
    }
    expect(new Set(municipalities.map(({ name, state }) => `${plainWord(name)} ${state}`)).size).toBe(municipalities.length)
  })
})

describe('a line of COPY text', () => {
  it('escapes what would end a field or a row, and tells null from empty', () => {
    expect(copyLine(['a\tb', 'c\\d', 'e\nf\r', null, '', '\\N'])).toBe('a\\tb\tc\\\\d\te\\nf\\r\t\\N\t\t\\\\N\n')
  })
})
