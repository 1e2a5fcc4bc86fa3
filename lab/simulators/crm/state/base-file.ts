import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { PonteError } from '../../../../base/error.ts'
import { eachLine } from './lines.ts'
import type { After, LeadRow, PersonRow, ProductsRow, SaleRow } from './model.ts'

/** Rows that a CRM already holds before anything is recorded: one JSON object per line, `kind` first. */
const text = z.string().nullable().default(null)
const products = z.array(z.strictObject({ productId: z.int(), quantity: z.int(), labelValue: z.string() }))
const seedSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('lead'),
    id: z.int().min(1),
    lead: z.string().min(1),
    cnpj: text,
    stage: z.string().optional(),
    /** UTC with six decimals; the time of loading when left out. */
    registerDate: z
      .string()
      .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
      .optional(),
    updateDate: z
      .string()
      .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
      .optional(),
    ...{ phone1: text, phone2: text, website: text, industry: text, source: text, subSource: text, salesRepEmail: text, description: text },
    ...{ street: text, cep: text, number: text, complement: text, district: text, city: text, state: text, country: text },
    customFields: z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({}),
  }),
  z.strictObject({
    kind: z.literal('person'),
    id: z.int().min(1),
    leadId: z.int().min(1),
    name: z.string().min(1),
    ...{ email: text, phone1: text, jobTitle: text },
    mainContact: z.boolean().default(false),
  }),
  z.strictObject({ kind: z.literal('products'), leadId: z.int().min(1), products }),
  z.strictObject({ kind: z.literal('sale'), leadId: z.int().min(1), products, saleDate: z.string(), salesRepEmail: text }),
])
export type SeedRow = z.input<typeof seedSchema>

/** Makes the full lead of a seed: stage, SDR and dates as the CRM would have given them. */
export type CompleteLead = (seed: Partial<LeadRow> & { id: number }) => LeadRow

/** Checks seed rows one by one. Throws PonteError `simulators.seed_invalid` with the number of the first bad one, never its content. */
export function* readSeeds(rows: Iterable<unknown>, complete: CompleteLead): Generator<After> {
  let number = 0
  for (const row of rows) {
    number += 1
    const parsed = seedSchema.safeParse(row)
    if (!parsed.success) {
      throw new PonteError('simulators.seed_invalid', `row ${number} of the data to load is not a lead, person, products or sale row`, {
        hint: `Wrong at: ${parsed.error.issues.map((issue) => issue.path.join('.') || 'kind').join(', ')}. The README of lab/simulators/crm shows the rows.`,
      })
    }
    yield toAfter(parsed.data, complete)
  }
}

function toAfter(seed: z.output<typeof seedSchema>, complete: CompleteLead): After {
  if (seed.kind === 'lead') {
    const { kind: _kind, stage, registerDate, updateDate, ...plain } = seed
    const given = { ...(stage && { stage }), ...(registerDate && { registerDate }), ...(updateDate && { updateDate }) }
    return { lead: complete({ ...plain, ...given }) }
  }
  const { kind, ...row } = seed
  if (kind === 'person') return { person: row as PersonRow }
  return kind === 'sale' ? { sale: row as SaleRow } : { products: row as ProductsRow }
}

/** Parses an NDJSON file for `readSeeds`. Throws `simulators.seed_invalid` for a line that is no JSON. */
export function* ndjsonRows(file: string): Generator<unknown> {
  let number = 0
  for (const line of eachLine(readFileSync(file))) {
    number += 1
    if (line.text.trim() === '') continue
    try {
      yield JSON.parse(line.text)
    } catch {
      throw new PonteError('simulators.seed_invalid', `line ${number} of ${file} is not JSON`, { hint: 'One JSON object per line, UTF-8.' })
    }
  }
}

/** Writes complete rows so that a restart finds them: temporary file, fsync, rename, fsync of the folder. Returns how many. */
export function writeBaseFile(folder: string, name: string, rows: Iterable<After>): number {
  const target = join(folder, name)
  const fd = openSync(`${target}.tmp`, 'w', 0o640)
  let count = 0
  let lines: string[] = []
  const flush = () => {
    const bytes = Buffer.from(lines.join(''))
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
    lines = []
  }
  try {
    for (const row of rows) {
      lines.push(`${JSON.stringify(row)}\n`)
      count += 1
      if (lines.length === 1_000) flush()
    }
    flush()
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(`${target}.tmp`, target)
  const folderFd = openSync(dirname(target), 'r')
  fsyncSync(folderFd)
  closeSync(folderFd)
  return count
}

/** Rows of a file that `writeBaseFile` wrote. Throws PonteError `simulators.base_missing` when the log names a file that is gone. */
export function* readBaseFile(folder: string, name: string): Generator<After> {
  let bytes: Buffer
  try {
    bytes = readFileSync(join(folder, name))
  } catch (cause) {
    throw new PonteError('simulators.base_missing', `the effect log names ${name}, which is not in the data folder`, {
      hint: 'Restore the file, or start the simulator with an empty data folder.',
      cause,
    })
  }
  for (const line of eachLine(bytes)) yield JSON.parse(line.text) as After
}
