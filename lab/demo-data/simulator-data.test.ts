import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testSeed } from '../../base/testing/random.ts'
import { catalogueSchema } from '../simulators/crm/http/settings.ts'
import { ndjsonRows, readSeeds, type SeedRow } from '../simulators/crm/state/base-file.ts'
import type { LeadRow } from '../simulators/crm/state/model.ts'
import { generateDemoData } from './generate.ts'
import { writeSimulatorData } from './simulator-data.ts'

const options = { branches: 1_000, seed: testSeed(), today: '2026-11-22' }

describe(`the CRM's side of the demo, seed ${options.seed}`, () => {
  let folder: string
  let file: string
  let rows: SeedRow[]
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ponte-demo-'))
    file = join(folder, 'crm.ndjson')
    await writeSimulatorData(options, file)
    rows = [...ndjsonRows(file)] as SeedRow[]
  })
  afterAll(() => rm(folder, { recursive: true }))
  const leads = () => rows.filter((row) => row.kind === 'lead')
  const persons = () => rows.filter((row) => row.kind === 'person')

  it('is what the simulator loads: every row passes its own check', () => {
    const complete = (seed: Partial<LeadRow>) => seed as LeadRow
    expect([...readSeeds(rows, complete)]).toHaveLength(rows.length)
  })

  it('holds one lead per linked branch and one person per mirrored contact, ids from their own ranges', () => {
    const mirror = (name: string) => [...generateDemoData(options).rows(name)].map(([id]) => Number(id))
    expect(leads().map(({ id }) => id)).toEqual(mirror('leads'))
    expect(persons().map(({ id }) => id)).toEqual(mirror('contacts'))
    expect(Math.min(...leads().map(({ id }) => id))).toBe(1_000_001)
    expect(Math.min(...persons().map(({ id }) => id))).toBeGreaterThanOrEqual(5_000_001)
    expect(new Set(persons().map(({ id }) => id)).size).toBe(persons().length)
    const known = new Set(leads().map(({ id }) => id))
    for (const { leadId } of persons()) expect(known.has(leadId)).toBe(true)
  })

  it('names only stages, representatives and client codes that the CRM accepts', () => {
    const { stages, representatives } = catalogueSchema.parse({})
    const codes = new Set<string>()
    for (const { stage, customFields } of leads()) {
      expect(stages).toContain(stage)
      for (const rep of customFields!['_cod.gestores']!) expect(representatives).toContain(rep)
      codes.add(customFields!['_cod.cliente'] as string)
    }
    expect(codes.size).toBe(leads().length)
  })

  it('says empty values in the CRM words: 99 for exempt, SN for no number, Vazio. for no analysis', () => {
    const fields = leads().map((lead) => lead.customFields!)
    expect(fields.some(({ _inscricaoestadual }) => _inscricaoestadual === '99')).toBe(true)
    expect(fields.every(({ _inscricaoestadual }) => /^\d+$/.test(_inscricaoestadual as string))).toBe(true)
    expect(fields.some(({ _analisefinanceira }) => _analisefinanceira === 'Vazio.')).toBe(true)
    expect(fields.some(({ _analisefinanceira }) => _analisefinanceira !== 'Vazio.')).toBe(true)
    expect(leads().some(({ number }) => number === 'SN')).toBe(true)
    expect(leads().every(({ number }) => number === 'SN' || /^[1-9]\d*$/.test(number!))).toBe(true)
    expect(leads().every(({ lead, cep, cnpj }) => lead.length <= 40 && /^\d{8}$/.test(cep!) && cnpj!.length === 14)).toBe(true)
  })

  it('is the same bytes every time, and leaves no half-written file', async () => {
    const again = join(folder, 'again.ndjson')
    await writeSimulatorData(options, again)
    expect(await readFile(again, 'utf8')).toBe(await readFile(file, 'utf8'))
    expect((await readdir(folder)).sort()).toEqual(['again.ndjson', 'crm.ndjson'])
  })
})
