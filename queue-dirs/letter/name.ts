/**
 * File names of letters: the name is the state (prefix, order of arrival), so nothing has to be opened to be sorted.
 *
 *   bulk    <prefix>_<batch hash, 32 hex>_<YYYY_MM_DD_HH_MM_SS_mmm>_<nnnn>.json      written by a compare
 *   single  <prefix>_<slug>_<YYYY_MM_DD_HH_MM_SS_mmm>_<ulid>.json                    written by enqueue, requeue and adoption
 *   legacy  the old system's patterns, one-second times or none                    written by the old system
 *   foreign <prefix>...json in any other shape                                       dropped by somebody
 */
import { legacyTime, utc } from './legacy-time.ts'

/** The old system's prefixes. A new entity adds its own through `openLane({ prefixes })`. */
export const PREFIXES = [
  'insert_leads_in_crm',
  'update_leads_in_crm',
  'update_contacts_in_crm',
  'insert_contact_crm',
  'update_leads_in_erp',
  'converted_lead',
  'lead_descartada',
  'contato_update_erp',
  'full_sync_leads',
  'validade_full',
  'inserted_timeline',
] as const

/** What Spark wrote and no job ever read. */
const ALIASES: Readonly<Record<string, string>> = {
  insert_leads_in_app: 'insert_leads_in_crm',
  update_leads_in_app: 'update_leads_in_crm',
  update_contacts_in_app: 'update_contacts_in_crm',
}

const ALIAS_ENTRIES = Object.entries(ALIASES)

/** Stands for the prefix of a file that nobody claims; `counts` reports it. */
export const UNKNOWN_PREFIX = 'unknown'

export interface ParsedName {
  readonly file: string
  readonly prefix: string
  readonly form: 'bulk' | 'single' | 'legacy' | 'foreign'
  /** Epoch milliseconds, UTC; null when the name holds no (valid) time: the file's mtime stands in. */
  readonly arrivedAt: number | null
  /** Order among equal times: the bulk number or the ulid, else empty. */
  readonly sequence: string
  /** The middle part: batch hash, slug, or whatever an outsider put there. May hold personal data: never print it. */
  readonly slug: string
}

const BATCH_HASH = /^[0-9a-f]{32}$/
const SLUG = /^[A-Za-z0-9_-]{1,60}$/
const NUMBER = /^\d{4,}$/
const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/
const TIME = /^\d{4}(?:_\d{2}){5}_\d{3}$/
const TIME_LENGTH = 'YYYY_MM_DD_HH_MM_SS_mmm'.length

/**
 * @param file     base name of a file in `processar`
 * @param prefixes known prefixes; the old system's aliases are mapped by themselves
 * @returns null when it is not a `.json` name of a known prefix
 */
export function parseName(file: string, prefixes: readonly string[] = PREFIXES): ParsedName | null {
  if (!file.endsWith('.json') || file.startsWith('.')) return null
  const stem = file.slice(0, -'.json'.length)
  // Almost every name is one of ours. No prefix goes on as another does behind its underscore (openLane sees to that).
  const own = prefixes.find((prefix) => stem.startsWith(prefix) && stem[prefix.length] === '_')
  const ours = own === undefined ? null : canonical(file, own, stem.slice(own.length + 1))
  if (ours !== null) return ours
  const found = findPrefix(stem, prefixes)
  if (found === null) return null
  const rest = stem.slice(found.end)
  const base = { file, prefix: found.prefix }
  const middle = rest.replace(/^_/, '')
  const legacy = found.start === 0 && (rest === '' || rest.startsWith('_')) ? legacyTime(found.prefix, middle) : null
  if (legacy !== null) return { ...base, form: 'legacy', arrivedAt: legacy.at, sequence: '', slug: legacy.slug }
  return { ...base, form: 'foreign', arrivedAt: null, sequence: '', slug: stem.slice(0, found.start) + middle }
}

/** From the end, where each part has its length: a hundred thousand names are read while somebody waits for a page. */
function canonical(file: string, prefix: string, rest: string): ParsedName | null {
  const sequence = rest.slice(rest.lastIndexOf('_') + 1)
  const end = rest.length - sequence.length - 1
  const slug = rest.slice(0, Math.max(0, end - TIME_LENGTH - 1))
  const time = rest.slice(slug.length + 1, Math.max(0, end))
  const form = ULID.test(sequence) && SLUG.test(slug) ? 'single' : NUMBER.test(sequence) && BATCH_HASH.test(slug) ? 'bulk' : null
  if (form === null || rest[slug.length] !== '_' || !TIME.test(time)) return null
  const part = (from: number, to: number) => Number(time.slice(from, to))
  const arrivedAt = utc(part(0, 4), part(5, 7), part(8, 10), part(11, 13), part(14, 16), part(17, 19), part(20, 23))
  return arrivedAt === null ? null : { file, prefix, form, arrivedAt, sequence, slug }
}

interface Found {
  readonly prefix: string
  readonly alias: boolean
  readonly start: number
  readonly end: number
}

/** At the start of the name, else anywhere in it (the old jobs 7 and 8 took names "containing" theirs); the longest wins. */
function findPrefix(stem: string, prefixes: readonly string[]): Found | null {
  return longest(stem, prefixes, (text) => (stem.startsWith(text) ? 0 : -1)) ?? longest(stem, prefixes, (text) => stem.indexOf(text))
}

function longest(stem: string, prefixes: readonly string[], find: (text: string) => number): Found | null {
  let best: Found | null = null
  const consider = (text: string, prefix: string, alias: boolean) => {
    if (best !== null && text.length <= best.end - best.start) return
    const start = stem.length < text.length ? -1 : find(text)
    if (start >= 0) best = { prefix, alias, start, end: start + text.length }
  }
  for (const prefix of prefixes) consider(prefix, prefix, false)
  for (const [text, prefix] of ALIAS_ENTRIES) if (prefixes.includes(prefix)) consider(text, prefix, true)
  return best
}

/** @returns `YYYY_MM_DD_HH_MM_SS_mmm`, UTC. */
function printTime(at: number): string {
  return new Date(at)
    .toISOString()
    .slice(0, 23)
    .replace(/[-T:.]/g, '_')
}

/** @param number from 1; four digits at least */
export function bulkName(prefix: string, batchHash: string, at: number, number: number): string {
  return `${prefix}_${batchHash}_${printTime(at)}_${String(number).padStart(4, '0')}.json`
}

export function singleName(prefix: string, slug: string, at: number, id: string): string {
  return `${prefix}_${sanitiseSlug(slug)}_${printTime(at)}_${id}.json`
}

/** Only [A-Za-z0-9_-], 1 to 60 characters; accents lose their marks, all else becomes one `_`. */
export function sanitiseSlug(text: string): string {
  const plain = text
    .slice(0, 1000)
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^_+|_+$/g, '')
  return plain.slice(0, 60) || 'x'
}

/** What messages may say of a letter: its name without the slug, which can hold a company or an e-mail. */
export function labelOf(name: ParsedName): string {
  const when = name.arrivedAt === null ? '' : ` of ${new Date(name.arrivedAt).toISOString()}`
  return `letter ${name.prefix}${when}${name.sequence === '' ? '' : ` #${name.sequence}`}`
}
