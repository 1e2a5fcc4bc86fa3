/**
 * Erases one client from what Ponte keeps: letters, state, snapshots, reports (the README of deploy says what for, and what stays). ERP and CRM
 * are where the client is known; as long as the ERP names it for integration, it would come back with the next compare.
 *
 *   no compare runs → who: leads, branches and contacts that ERP, mirror, CRM and ledger tie to the tax id → letters → state → snapshots → reports
 *
 * Letters alone tie nothing: whoever may deliver a webhook can name somebody else's lead beside this tax id. Such a letter goes, because it
 * names the client; the lead does not, unless one of those systems says that it is the client's.
 *
 * Letters first: names of those that are gone are looked for in the state. Killed anywhere, it is run again: what a letter knew of the
 * client may be gone by then, but what the state knows of it goes last, in one transaction.
 */

import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PonteError } from '../base/error.ts'
import { replacedFolders } from '../base/files/replace-folders.ts'
import type { Spotter } from '../connectors/crm/spotter/types.ts'
import { type ForgottenRows, forgetRows, knownLeads, type Subject, taxIdOf } from '../connectors/state/backup/erase.ts'
import { createdFrom } from '../connectors/state/changes/history.ts'
import { acquireLease, type Lease, leaseLost } from '../connectors/state/runs/leases.ts'
import { eraseFromSnapshots, type SnapshotSubject } from '../engine/erase-snapshots.ts'
import type { Context } from '../jobs/context.ts'
import { executeSpark } from '../jobs/detect/detect.ts'
import { leadsFullSync } from '../jobs/mirror/full-sync.ts'
import { validateFull } from '../jobs/mirror/validate-full.ts'
import { updateLeadsInErp } from '../jobs/receive/inbound-leads.ts'
import { recoverLanes } from '../jobs/recover.ts'
import type { Erased } from '../queue-dirs/lane.types.ts'
import { type Entity, entities, kindNames, kindOf, type LaneName } from '../records/kinds.ts'
import { aboutOf, type LineAbout } from './erase-about.ts'
import { padTaxId } from './find-dead.ts'

export interface Erasure {
  readonly letters: Readonly<Record<LaneName, Erased>>
  readonly rows: ForgottenRows
  readonly snapshotRows: number
  readonly reports: number
  /** Lines in a worker's hands: run it again. */
  readonly inHand: number
  /** Files of the queue that could not be looked into, and folders that a restore set aside: for a person. */
  readonly unread: readonly string[]
  readonly aside: readonly string[]
  /** Leads that letters name beside this tax id, though nobody ties them to it: they stay, for a person to look at. */
  readonly untied: readonly string[]
  /** absent: none is configured · away: run it again, it may know leads that nobody else does. */
  readonly crm: 'asked' | 'absent' | 'away'
}

export type EraseContext = Pick<Context, 'erp' | 'state' | 'lanes' | 'log'> & {
  readonly options: Pick<Context['options'], 'leaseMs'>
  /** null: none is configured. */
  readonly crm: Pick<Spotter, 'leadsByTaxId'> | null
  readonly queueRoot: string
  readonly stateDir: string
  readonly reportsDir: string
}

interface Known {
  readonly taxId: string
  readonly leadIds: Set<string>
  readonly branches: Set<string>
  readonly contacts: Set<string>
  readonly untied: Set<string>
  crm: Erasure['crm']
}

/**
 * @param taxId normalised, 14 positions
 * @param options.anyway also when the ERP still names it for integration
 * @param options.patienceMs how long to wait for a job that is reading, milliseconds
 * @throws PonteError `erase.no_tax_id`, `erase.still_in_erp` (exit 2: nothing was changed), `erase.job_running` (nor here), `lease.lost`, `erp.*`, `state.*`, `queue.*`
 */
export async function erase(
  context: EraseContext,
  taxId: string,
  { dryRun, anyway, patienceMs = 60_000 }: { readonly dryRun: boolean; readonly anyway: boolean; readonly patienceMs?: number },
): Promise<Erasure> {
  if (!/^[0-9A-Z]{14}$/.test(taxId)) throw noTaxId()
  if (dryRun) return forget(context, taxId, { dryRun, refuse: false })
  // Who is refused shall not wait for it.
  if (!anyway) await askErp(context, nobody(taxId), true)
  return whileNobodyReads(context, patienceMs, () => forget(context, taxId, { dryRun, refuse: !anyway }))
}

/** `refuse`: as long as the ERP names the client. */
async function forget(
  context: EraseContext,
  taxId: string,
  { dryRun, refuse }: { readonly dryRun: boolean; readonly refuse: boolean },
): Promise<Erasure> {
  const { state, lanes, queueRoot, stateDir, reportsDir } = context
  // What a crash left half done comes to its end first.
  if (!dryRun) await recoverLanes(context)
  const known = nobody(taxId)
  await askErp(context, known, refuse)
  await askCrm(context, known)
  await askStateAndLetters(context, known)

  const letters = {} as Record<LaneName, Erased>
  const isMeant = (prefix: string, text: string) => isAbout(aboutOf(prefix, text), known)
  for (const name of kindNames) letters[name] = await lanes[name].erase({ isMeant, dryRun })
  const rows = await forgetRows(state, listed(known), { letters: Object.values(letters).flatMap(({ removed }) => removed), dryRun })
  return {
    letters,
    rows,
    snapshotRows: await eraseFromSnapshots(stateDir, snapshotSubjects(known), dryRun),
    reports: await eraseReports(reportsDir, known, dryRun),
    inHand: Object.values(letters).reduce((sum, { inHand }) => sum + inHand, 0),
    unread: Object.entries(letters).flatMap(([lane, { unread }]) => unread.map((path) => join(queueRoot, lane, path))),
    aside: [...(await replacedFolders(queueRoot)), ...(await replacedFolders(stateDir))],
    untied: [...known.untied],
    crm: known.crm,
  }
}

const nobody = (taxId: string): Known => ({
  ...{ taxId, leadIds: new Set(), branches: new Set(), contacts: new Set(), untied: new Set() },
  crm: 'absent',
})

const noTaxId = () =>
  new PonteError('erase.no_tax_id', 'this is no tax id', {
    hint: 'a CNPJ has 14 positions, a CPF 11; marks between are ignored',
    exitCode: 2,
  })

/** They read whole lists and write down later what they read: one that began before would bring the client back. */
const readers = [executeSpark, updateLeadsInErp, leadsFullSync, validateFull]

/** Holds the leases of the readers, so that none of them runs. */
async function whileNobodyReads<T>({ state, options }: EraseContext, patienceMs: number, work: () => Promise<T>): Promise<T> {
  const until = performance.now() + patienceMs
  const leases: Lease[] = []
  try {
    for (const { name } of readers) {
      let lease = await acquireLease(state, name, 'erase', options.leaseMs)
      for (; lease === null; lease = await acquireLease(state, name, 'erase', options.leaseMs)) {
        if (performance.now() > until) throw jobRunning(name)
        await sleep(250)
      }
      leases.push(lease)
    }
    const done = await work()
    const lost = leases.find((lease) => !lease.held())
    if (lost !== undefined) throw leaseLost(lost.name)
    return done
  } finally {
    for (const lease of leases) await lease.release()
  }
}

const jobRunning = (name: string) =>
  new PonteError('erase.job_running', `${name} is running, and would bring back what it has read already; nothing was erased`, {
    hint: 'run the same command again when it has ended (ponte runs)',
  })

async function askErp({ erp }: EraseContext, known: Known, refuse: boolean): Promise<void> {
  const insert = await erp.viewRows('insert_leads', ['ID', 'TAXID'], { TAXID: known.taxId })
  const linked = await erp.viewRows('desired_leads', ['ID', 'TAXID'], { TAXID: known.taxId })
  for (const { ID } of insert) if (ID) known.branches.add(ID)
  const mirrored = await erp.viewRows('known_leads', ['ID'], { TAXID: known.taxId })
  for (const { ID } of [...linked, ...mirrored]) if (ID) known.leadIds.add(ID)
  if (refuse && insert.length + linked.length > 0)
    throw new PonteError(
      'erase.still_in_erp',
      `the ERP still names this tax id for integration (${insert.length + linked.length} branches)`,
      {
        hint: 'take it out of the integration there first (INTEGRATE_CRM, ID_CRM), or it comes back with the next compare; --anyway erases all the same',
        exitCode: 2,
      },
    )
}

/** A CRM that is away is told of, and stops nothing: who asks to be forgotten is not kept because of it. */
async function askCrm({ crm, log }: EraseContext, known: Known): Promise<void> {
  if (crm === null) return
  try {
    for (const spelling of spellingsOf(known.taxId)) for (const { id } of await crm.leadsByTaxId(spelling)) known.leadIds.add(String(id))
    known.crm = 'asked'
  } catch (err) {
    log.warn({ err }, 'the CRM cannot be asked for leads of a client that is erased')
    known.crm = 'away'
  }
}

/** It compares what it has letter by letter, and people type what they like. */
function spellingsOf(taxId: string): string[] {
  const marked = taxId.replace(/^(..)(...)(...)(....)(..)$/, '$1.$2.$3/$4-$5')
  const cpf = taxId.startsWith('000') ? [taxId.slice(3), taxId.replace(/^000(...)(...)(...)(..)$/, '$1.$2.$3-$4')] : []
  return [taxId, marked, ...cpf]
}

/** The ledger may know a lead that the ERP has forgotten, and a letter the contacts of that lead: until nothing new is found. */
async function askStateAndLetters(context: EraseContext, known: Known): Promise<void> {
  const { state, lanes } = context
  const judged = new Map<string, boolean>()
  for (let before = -1; before !== known.leadIds.size + known.branches.size + known.contacts.size; ) {
    before = known.leadIds.size + known.branches.size + known.contacts.size
    for (const id of await knownLeads(state, known.taxId, [...known.branches])) known.leadIds.add(id)
    const created = await createdFrom(state, [...known.leadIds])
    for (const branch of created.branches) known.branches.add(branch)
    for (const contact of created.contacts) known.contacts.add(contact)
    /** Lead that a letter names beside the tax id -> whether Ponte wrote that letter, from what the ERP said then. */
    const claimed = new Map<string, boolean>()
    const learn = (prefix: string, text: string) => {
      const about = aboutOf(prefix, text)
      if (!isAbout(about, known)) return false
      const { leadId, branch, contact } = about
      const isOurs = kindOf(prefix)?.entity != null
      if (leadId !== null && isLeadId(leadId)) claimed.set(leadId, isOurs || claimed.get(leadId) === true)
      if (branch !== null && isOurs) known.branches.add(branch)
      if (contact !== null && isOurs) known.contacts.add(contact)
      return true
    }
    for (const lane of Object.values(lanes)) await lane.erase({ isMeant: learn, dryRun: true })
    for (const [id, isOurs] of claimed) {
      if (known.leadIds.has(id)) continue
      if (!judged.has(id)) judged.set(id, await isTied(context, known.taxId, id, isOurs))
      known[judged.get(id) ? 'leadIds' : 'untied'].add(id)
    }
  }
}

const isLeadId = (text: string): boolean => /^[1-9]\d{0,14}$/.test(text)

/** Whether ERP, mirror or ledger say that a lead is this client's (the CRM has named all it has); where nobody knows it, what Ponte once wrote of it stands. */
async function isTied({ erp, state }: EraseContext, taxId: string, id: string, isOurs: boolean): Promise<boolean> {
  const said = [
    ...(await erp.viewRows('desired_leads', ['TAXID'], { ID: id })).map(({ TAXID }) => TAXID),
    (await erp.mirroredLead(id))?.TAXID,
    await taxIdOf(state, id),
  ].filter((one) => typeof one === 'string' && one !== '') as string[]
  return said.length === 0 ? isOurs : said.some((one) => padTaxId(one) === taxId)
}

const isAbout = ({ taxIds, leadId, branch }: LineAbout, known: Known): boolean =>
  taxIds.has(known.taxId) || (leadId !== null && known.leadIds.has(leadId)) || (branch !== null && known.branches.has(branch))

const listed = ({ taxId, leadIds, branches, contacts }: Known): Subject => ({
  taxId,
  leadIds: [...leadIds],
  branches: [...branches],
  contacts: [...contacts],
})

function snapshotSubjects({ taxId, leadIds, branches, contacts }: Known): Record<string, SnapshotSubject> {
  const leads = [...leadIds]
  const subjects: Record<Entity['names'], SnapshotSubject> = {
    branch: { keys: [...branches], columns: { TAXID: [taxId] } },
    lead: { keys: leads, columns: { TAXID: [taxId] } },
    row: { keys: [...contacts], columns: { LEAD_ID: leads } },
    child: { keys: [], secondParts: leads, columns: { LEAD_ID: leads } },
  }
  return Object.fromEntries(entities.map(({ name, names }) => [name, subjects[names]]))
}

/** A report is made anew by its job: it goes whole. */
async function eraseReports(folder: string, { taxId, leadIds }: Known, dryRun: boolean): Promise<number> {
  // Fourteen letters and digits, as erase() has seen to, and any mark between them.
  const written = new RegExp([...taxId].join('[^0-9A-Za-z"]?'), 'i')
  const names = (text: string) => written.test(text) || text.match(/\w+/g)?.some((word) => leadIds.has(word)) === true
  let found = 0
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.endsWith('.json') || !names(await readFile(join(folder, name), 'utf8'))) continue
    found++
    if (!dryRun) await rm(join(folder, name))
  }
  return found
}
