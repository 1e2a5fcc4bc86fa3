import { describe, expect, test } from 'vitest'
import fc from '../../base/testing/fast-check.ts'
import { compareArrivals } from '../claim/arrivals.ts'
import { bulkName, labelOf, type ParsedName, PREFIXES, parseName, sanitiseSlug, singleName } from './name.ts'

const md5 = 'd41d8cd98f00b204e9800998ecf8427e'
const id = '01HZX4M3T9N8Q7R6S5V4W3Y2Z1'
const runs = process.env.PONTE_TEST_LONG ? 20_000 : 500

describe('names that Ponte writes', () => {
  test('a bulk name is read as it was printed', () => {
    const name = bulkName('update_leads_in_crm', md5, Date.UTC(2026, 1, 28, 23, 59, 58, 7), 12)
    expect(name).toBe(`update_leads_in_crm_${md5}_2026_02_28_23_59_58_007_0012.json`)
    expect(parseName(name)).toMatchObject({
      prefix: 'update_leads_in_crm',
      form: 'bulk',
      arrivedAt: Date.UTC(2026, 1, 28, 23, 59, 58, 7),
      sequence: '0012',
    })
  })

  test('every single name of every prefix is read as it was printed, whatever the slug', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PREFIXES),
        fc.string({ unit: 'binary', maxLength: 120 }),
        fc.integer({ min: 0, max: 4e12 }),
        (prefix, slug, at) => {
          const name = singleName(prefix, slug, at, id)
          expect(name).toMatch(/^[A-Za-z0-9_-]+\.json$/)
          expect(Buffer.byteLength(name)).toBeLessThan(200)
          expect(parseName(name)).toEqual({ file: name, prefix, form: 'single', arrivedAt: at, sequence: id, slug: sanitiseSlug(slug) })
        },
      ),
      { numRuns: runs },
    )
  })

  test.each([
    ['Café & Filhos, Ltda.', 'Cafe_Filhos_Ltda'],
    ['../../etc/passwd', 'etc_passwd'],
    ['', 'x'],
    ['///', 'x'],
    ['joão.da.silva', 'joao_da_silva'],
    ['a'.repeat(80), 'a'.repeat(60)],
  ])('the slug of %j is %j', (text, slug) => expect(sanitiseSlug(text)).toBe(slug))
})

describe('names of the old system', () => {
  const second = Date.UTC(2024, 4, 25, 9, 30, 15)
  test.each([
    [`insert_leads_in_crm_${md5}_2024_05_25_09_30_15.json`, 'insert_leads_in_crm', second, md5],
    [`insert_leads_in_app_${md5}_2024_05_25_09_30_15.json`, 'insert_leads_in_crm', second, md5],
    [`update_leads_in_crm_${md5}_25_05_2024_09_30_15.json`, 'update_leads_in_crm', second, md5],
    [`update_leads_in_app_${md5}_25_05_2024_09_30_15.json`, 'update_leads_in_crm', second, md5],
    [`update_contacts_in_crm_${md5}_25_05_2024_09_30_15.json`, 'update_contacts_in_crm', second, md5],
    [`update_contacts_in_app_${md5}_25_05_2024_09_30_15.json`, 'update_contacts_in_crm', second, md5],
    ['insert_contact_crm_20240525093015_maria.silva.json', 'insert_contact_crm', second, 'maria.silva'],
    ['update_leads_in_erp_Acme_do_Brasil_25-05-2024_09-30-15.json', 'update_leads_in_erp', second, 'Acme_do_Brasil'],
    ['update_leads_in_erp_3M_2024_25-05-2024_09-30-15.json', 'update_leads_in_erp', second, '3M_2024'],
    ['converted_lead_Café_&_Filhos_25-05-2024_09-30-15.json', 'converted_lead', second, 'Café_&_Filhos'],
    ['lead_descartada_Acme_Ltda.json', 'lead_descartada', null, 'Acme_Ltda'],
    ['contato_update_erp_123_4567.json', 'contato_update_erp', null, '123_4567'],
    ['full_sync_leads_25_05_2024.json', 'full_sync_leads', Date.UTC(2024, 4, 25), ''],
    ['validade_full_20240525.json', 'validade_full', Date.UTC(2024, 4, 25), ''],
    ['validade_full_20240525_diferencas.json', 'validade_full', Date.UTC(2024, 4, 25), 'diferencas'],
    ['inserted_timeline_25-05-2024_09-30-15.json', 'inserted_timeline', second, ''],
  ])('%s', (file, prefix, arrivedAt, slug) => {
    expect(parseName(file)).toEqual({ file, prefix, form: 'legacy', arrivedAt, sequence: '', slug })
  })

  test.each([
    `insert_leads_in_crm_${md5}_2024_02_30_09_30_15.json`,
    'update_leads_in_erp_Acme_31-02-2024_09-30-15.json',
    'inserted_timeline_25-05-2024_24-00-00.json',
    'full_sync_leads_00_05_2024.json',
  ])('%s names no moment: its mtime will do', (file) => {
    expect(parseName(file)).toMatchObject({ form: 'legacy', arrivedAt: null })
  })
})

describe('names of others', () => {
  test.each([
    ['converted_lead.json', 'converted_lead', 'legacy-or-foreign'],
    ['insert_leads_in_crm-by-hand.json', 'insert_leads_in_crm', 'foreign'],
    ['copy of update_leads_in_erp (2).json', 'update_leads_in_erp', 'foreign'],
    [`x_insert_leads_in_crm_${md5}_2026_02_28_23_59_58_007_0012.json`, 'insert_leads_in_crm', 'foreign'],
    [`insert_leads_in_crm_${md5.toUpperCase()}_2026_02_28_23_59_58_007_0012.json`, 'insert_leads_in_crm', 'single-or-foreign'],
  ])('%s is mapped to %s', (file, prefix) => {
    const parsed = parseName(file)
    expect(parsed?.prefix).toBe(prefix)
    expect(['foreign', 'legacy']).toContain(parsed?.form)
  })

  test.each([
    'who_knows.json',
    '.hidden_converted_lead.json',
    'converted_lead',
    'converted_lead.json.tmp',
    '',
    '.json',
    'Converted_Lead.json',
  ])("%j is nobody's", (file) => expect(parseName(file)).toBeNull())

  test('no text at all makes the parser throw, and what it takes keeps its name', () => {
    const part = fc.oneof(
      fc.constantFrom(...PREFIXES, '_', md5, '2024_05_25_09_30_15', '_0001', id, '.json'),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 7 }), (parts) => {
        const file = parts.join('')
        const parsed = parseName(file)
        if (parsed !== null) expect(parsed.file).toBe(file)
      }),
      { numRuns: runs },
    )
  })

  test('a hostile name of 250 characters is read at once', () => {
    const start = process.cpuUsage()
    parseName(`insert_contact_crm_${'2024'.repeat(50)}${'_'.repeat(30)}.json`)
    parseName(`converted_lead_${'_25-05-2024'.repeat(20)}.json`)
    // One that backtracks would take years.
    const { user, system } = process.cpuUsage(start)
    expect((user + system) / 1_000).toBeLessThan(1_000)
  })
})

test('order is time, then sequence as a number, then name', () => {
  const at = (file: string) => {
    const parsed = parseName(file) as ParsedName
    return { parsed, arrivedAt: parsed.arrivedAt as number }
  }
  const sorted = [
    'update_leads_in_erp_Z_25-05-2024_09-30-15.json',
    `insert_leads_in_crm_${md5}_2026_02_28_23_59_58_007_0002.json`,
    `insert_leads_in_crm_${md5}_2026_02_28_23_59_58_007_9999.json`,
    `insert_leads_in_crm_${md5}_2026_02_28_23_59_58_007_10000.json`,
    singleName('converted_lead', 'z', Date.UTC(2026, 1, 28, 23, 59, 58, 8), '01HZX4M3T9N8Q7R6S5V4W3Y2Z1'),
    singleName('converted_lead', 'a', Date.UTC(2026, 1, 28, 23, 59, 58, 8), '01HZX4M3T9N8Q7R6S5V4W3Y2Z2'),
  ]
  expect(
    [...sorted]
      .reverse()
      .map(at)
      .sort(compareArrivals)
      .map((each) => each.parsed.file),
  ).toEqual(sorted)
})

test('what messages say of a letter holds neither company nor e-mail', () => {
  const parsed = parseName('insert_contact_crm_20240525093015_maria.silva.json') as ParsedName
  expect(labelOf(parsed)).toBe('letter insert_contact_crm of 2024-05-25T09:30:15.000Z')
})
