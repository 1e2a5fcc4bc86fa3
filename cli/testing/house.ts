/** Everything an installation has, for tests of the command: two databases, queue and state folders, a simulated CRM. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { expect } from 'vitest'
import { testDatabase } from '../../connectors/erp/testing/test-erp.ts'
import { addBranch, seedReference } from '../../jobs/testing/small-erp.ts'
import { type CrmSimulator, startCrmSimulator } from '../../lab/simulators/crm/simulator.ts'
import { compilePonte, type Environment, type Ponte, type Result } from './ponte.ts'

const schemas = { erp: new URL('../../sql/postgres/', import.meta.url), state: new URL('../../sql/state/', import.meta.url) }

export interface House {
  readonly ponte: Ponte
  readonly folder: string
  readonly queue: string
  readonly erp: pg.Pool
  readonly state: pg.Pool
  readonly simulator: CrmSimulator
  /** A complete environment, quick enough for tests. */
  readonly env: Environment
  run(...args: string[]): Promise<Result>
  /** The same with --json; the document is checked to be the only thing on standard output. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into documents whose form is what it tests
  json(...args: string[]): Promise<Result & { document: any }>
  /** Names of the letters in a folder of a lane. */
  letters(lane: 'leads' | 'contacts', folder: string): string[]
  /** Effects of the CRM that Ponte caused, of one kind. */
  effects(kind?: string): Promise<number>
  close(): Promise<void>
}

export async function openHouse(): Promise<House> {
  const ponte = compilePonte()
  const folder = mkdtempSync(join(tmpdir(), 'ponte-house-'))
  const queue = join(folder, 'queue')
  mkdirSync(join(folder, 'state'), { mode: 0o750 })
  const [erp, state] = [await testDatabase({ migrate: [schemas.erp] }), await testDatabase({ migrate: [schemas.state] })]
  await seedReference(erp.pool)
  const simulator = await startCrmSimulator({ dataDir: join(folder, 'crm'), token: 'house', quota: null })
  const env: Environment = {
    DATABASE_URL: erp.url,
    STATE_DATABASE_URL: state.url,
    QUEUE_ROOT: queue,
    STATE_DIR: join(folder, 'state'),
    API_URL: simulator.url,
    API_TOKEN: 'house',
    CRM_RATE_LIMIT: '0',
    CRM_BACKOFF_MS: '10',
    CRM_SETTLE_MS: '50',
    CRM_TIMEOUT_MS: '5000',
    ENGINE_READERS: '1',
    ENGINE_THREADS: '1',
    ENGINE_MEMORY: '512MB',
  }
  return {
    ponte,
    folder,
    queue,
    erp: erp.pool,
    state: state.pool,
    simulator,
    env,
    run: (...args) => ponte(args, env),
    json: async (...args) => withDocument(await ponte([...args, '--json'], env)),
    letters: (lane, name) => lettersIn(join(queue, lane, name)),
    effects: async (kind) => (await simulator.effects({ by: 'api' })).filter((effect) => kind === undefined || effect.kind === kind).length,
    async close() {
      await simulator.close()
      await erp.drop()
      await state.drop()
      rmSync(folder, { recursive: true, force: true })
      ponte.remove()
    },
  }
}

/** The document of --json, held to be alone on standard output, on one line. */
// biome-ignore lint/suspicious/noExplicitAny: see House.json
export function withDocument(result: Result): Result & { document: any } {
  expect(result.stdout, result.stderr).toMatch(/^\{.*\}\n$/)
  return { ...result, document: JSON.parse(result.stdout) }
}

export function lettersIn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.map((entry) => entry.name).filter((name) => name.endsWith('.json') && !name.endsWith('.error.json'))
}

/** Adds flagged branches, so that the next compare finds as many new leads. */
export async function addLeads(erp: pg.Pool, from: number, count: number): Promise<void> {
  for (let client = from; client < from + count; client++) await addBranch(erp, { client, taxId: String(10_000_000_000_000 + client) })
}

export const waiting = (house: House): number =>
  house.letters('leads', 'processar').reduce((lines, file) => {
    const text = readFileSync(join(house.queue, 'leads', 'processar', file), 'utf8')
    return lines + text.split('\n').filter((line) => line !== '').length
  }, 0)
