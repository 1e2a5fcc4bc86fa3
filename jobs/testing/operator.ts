/** An operator at a bridge of a test, and leads that the CRM refuses for a bad field. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { audited } from '../../connectors/state/people/audit.ts'
import { type OpenDead, openDead } from '../../operations/open-dead.ts'
import type { Operator } from '../../operations/operator.ts'
import type { Bridge } from './bridge.ts'
import { addBranch } from './small-erp.ts'

export const insertLeads = 'job_insert_leads_in_spotter'
export const updateLeads = 'job_update_leads_in_spotter'

export function operatorAt(bridge: Pick<Bridge, 'context'>, actor = 'cli:test'): Operator {
  const { lanes, state, log } = bridge.context
  return { lanes, state, log, actor, audited: audited(state) }
}

/** The simulated CRM knows these industries only. */
export const pickyCrm = { simulator: { options: { policies: { unknownIndustry: 'refuse' as const } } } }

export const taxIdOf = (client: number): string => String(10_000_000_000_000 + client)

/** Branches whose industry the CRM does not know: their leads are refused. */
export async function addRefused(bridge: Pick<Bridge, 'erp'>, ...clients: readonly number[]): Promise<void> {
  await bridge.erp.query(`insert into industries (industry, description) values ('77', 'PESCA') on conflict do nothing`)
  for (const client of clients) {
    await addBranch(bridge.erp, { client, taxId: taxIdOf(client) })
    await bridge.erp.query(`insert into client_industries (client, branch, industry) values ($1, 1, '77')`, [client])
  }
}

/** The leads of these clients are refused for their industry; one letter in falhas holds them all. */
export async function refuse(bridge: Bridge, ...clients: readonly number[]): Promise<void> {
  await addRefused(bridge, ...clients)
  await bridge.run('job_execute_spark')
  const { counts } = await bridge.run(insertLeads)
  if (counts.dead !== clients.length) throw new Error(`${counts.dead} leads were refused instead of ${clients.length}`)
}

/** Names of the letters in a folder of a lane. */
export const lettersAt = (bridge: Pick<Bridge, 'folder'>, folder: string, lane = 'leads'): string[] =>
  readdirSync(join(bridge.folder, 'queue', lane, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json') && !entry.name.endsWith('.error.json'))
    .map((entry) => entry.name)
    .sort()

/** The one letter in falhas. */
export async function onlyDead(bridge: Bridge): Promise<OpenDead> {
  const [file, ...others] = lettersAt(bridge, 'falhas')
  if (file === undefined || others.length > 0) throw new Error(`${others.length + (file ? 1 : 0)} letters in falhas instead of one`)
  return openDead(bridge.context.lanes, file)
}
