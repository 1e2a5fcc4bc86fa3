/**
 * Erases one client from what Ponte keeps: letters, state, snapshots, reports (the README of deploy says what for, and what stays). ERP and CRM
 * are where the client is known; as long as the ERP names it for integration, it would come back with the next compare.
 *
 *   no compare runs → who: ERP, ledger and letters name leads, branches and contacts of the tax id → letters → state → snapshots → reports
 *
 * Letters first: names of those that are gone are looked for in the state. Killed anywhere, it is run again: what a letter knew of the
 * client may be gone by then, but what the state knows of it goes last, in one transaction.
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PonteError } from '../base/error.ts'
import { replacedFolders } from '../base/replace-folders.ts'
import { type ForgottenRows, forgetRows, knownLeads, type Subject } from '../connectors/state/erase.ts'
import { acquireLease, type Lease, leaseLost } from '../connectors/state/leases.ts'
import { eraseFromSnapshots, type SnapshotSubject } from '../engine/erase-snapshots.ts'
import type { Erased, LaneName } from '../queue-dirs/lane.types.ts'
import type { Context } from './context.ts'
import { executeSpark } from './detect.ts'
import { aboutOf, type LineAbout } from './erase-about.ts'
import { leadsFullSync } from './full-sync.ts'
import { updateLeadsInErp } from './inbound-leads.ts'
import { recoverLanes } from './recover.ts'
import { validateFull } from './validate-full.ts'

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
}

export type EraseContext = Pick<Context, 'erp' | 'state' | 'lanes' | 'log' | 'options'> & {
  readonly queueRoot: string
  readonly stateDir: string
  readonly reportsDir: string
}

interface Known {
  readonly taxId: string
  readonly leadIds: Set<string>
  readonly branches: Set<string>
  readonly contacts: Set<string>
}

/**
 * @param taxId normalised, 14 positions
 * @param options.anyway also when the ERP still names it for integration
 * @param options.patienceMs how long to wait for a job that is reading, milliseconds
 * @throws PonteError `erase.still_in_erp` (exit 2: nothing was changed), `erase.job_running` (nor here), `lease.lost`, `erp.*`, `state.*`, `queue.*`
 */
export async function erase(
  context: EraseContext,
  taxId: string,
  { dryRun, anyway, patienceMs = 60_000 }: { readonly dryRun: boolean; readonly anyway: boolean; readonly patienceMs?: number },
): Promise<Erasure> {
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
  await askStateAndLetters(context, known)

  const letters = {} as Record<LaneName, Erased>
  const isMeant = (prefix: string, text: string) => isAbout(aboutOf(prefix, text), known)
  for (const lane of Object.values(lanes)) letters[lane.name] = await lane.erase({ isMeant, dryRun })
  const rows = await forgetRows(state, listed(known), { letters: Object.values(letters).flatMap(({ removed }) => removed), dryRun })
  return {
    letters,
    rows,
    snapshotRows: await eraseFromSnapshots(stateDir, snapshotSubjects(known), dryRun),
    reports: await eraseReports(reportsDir, known, dryRun),
    inHand: Object.values(letters).reduce((sum, { inHand }) => sum + inHand, 0),
    unread: Object.entries(letters).flatMap(([lane, { unread }]) => unread.map((path) => join(queueRoot, lane, path))),
    aside: [...(await replacedFolders(queueRoot)), ...(await replacedFolders(stateDir))],
  }
}

const nobody = (taxId: string): Known => ({ taxId, leadIds: new Set(), branches: new Set(), contacts: new Set() })

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
  for (const { ID } of linked) if (ID) known.leadIds.add(ID)
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

/** A letter may name a lead that the ERP has forgotten, and another letter the contacts of that lead: until nothing new is found. */
async function askStateAndLetters({ state, lanes }: EraseContext, known: Known): Promise<void> {
  for (let before = -1; before !== known.leadIds.size + known.branches.size + known.contacts.size; ) {
    before = known.leadIds.size + known.branches.size + known.contacts.size
    for (const id of await knownLeads(state, known.taxId, [...known.branches])) known.leadIds.add(id)
    const learn = (prefix: string, text: string) => {
      const about = aboutOf(prefix, text)
      if (!isAbout(about, known)) return false
      if (about.leadId) known.leadIds.add(about.leadId)
      if (about.branch) known.branches.add(about.branch)
      if (about.contact) known.contacts.add(about.contact)
      return true
    }
    for (const lane of Object.values(lanes)) await lane.erase({ isMeant: learn, dryRun: true })
  }
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
  return {
    'leads.insert': { keys: [...branches], columns: { TAXID: [taxId] } },
    'leads.update': { keys: leads, columns: { TAXID: [taxId] } },
    'contacts.insert': { keys: [...contacts], columns: { LEAD_ID: leads } },
    'contacts.update': { keys: [], secondParts: leads, columns: { LEAD_ID: leads } },
  }
}

/** A report is made anew by its job: it goes whole. */
async function eraseReports(folder: string, { taxId, leadIds }: Known, dryRun: boolean): Promise<number> {
  const written = new RegExp([[...taxId].join('[^0-9A-Za-z"]?'), ...[...leadIds].map((id) => `\\b${id}\\b`)].join('|'), 'i')
  let found = 0
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.endsWith('.json') || !written.test(await readFile(join(folder, name), 'utf8'))) continue
    found++
    if (!dryRun) await rm(join(folder, name))
  }
  return found
}
