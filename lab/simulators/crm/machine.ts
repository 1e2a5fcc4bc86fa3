import { join } from 'node:path'
import { blankLead } from './calls/leads.ts'
import { createClock } from './clock.ts'
import { faultsSchema } from './http/fault-settings.ts'
import { createFaultPlanner, type FaultPlanner } from './http/faults.ts'
import { createQuota, type Quota } from './http/quota.ts'
import { type CrmOptions, optionsSchema, policiesSchema, type QuotaSettings, quotaSchema } from './http/settings.ts'
import { createTraffic, type Traffic } from './http/traffic.ts'
import { ndjsonRows, readBaseFile, readSeeds, type SeedRow, writeBaseFile } from './state/base-file.ts'
import type { Crm } from './state/crm.ts'
import { openEffectLog } from './state/effect-log.ts'
import type { After, LeadRow } from './state/model.ts'
import { CrmState } from './state/state.ts'
import type { WebhooksInput } from './webhooks/settings.ts'
import { createWebhooks, type Webhooks } from './webhooks/webhooks.ts'

/** A running simulator without its socket: what requests and control work on. */
export interface Machine {
  readonly crm: Crm
  readonly seed: number
  readonly traffic: Traffic
  readonly faults: FaultPlanner
  readonly webhooks: Webhooks
  readonly quota: { readonly settings: QuotaSettings; readonly gate: Quota } | null
  /** The three setters take what came from outside and throw ZodError, changing nothing, when it does not fit. */
  setFaults(faults: unknown): void
  setPolicies(policies: unknown): void
  setQuota(quota: unknown): void
  /** Adds rows in bulk: a base file, then one `loaded` effect. A row whose id exists replaces it. Throws `simulators.seed_invalid`. */
  load(rows: string | Iterable<SeedRow>): Promise<{ rows: number }>
  /** Empties the state (base rows stay when asked) and puts faults, policies, quota, webhooks and traffic back to the start. The log goes on. */
  reset(keepBase: boolean): Promise<void>
}

export interface MachineSettings {
  readonly dataDir: string
  readonly seed: number
  readonly quota: Partial<QuotaSettings> | null
  readonly options: CrmOptions
  readonly webhooks: WebhooksInput | null
}

/** Opens the data folder and rebuilds the state from the effect log. Throws PonteError `simulators.*`, ZodError for wrong settings. */
export async function openMachine(settings: MachineSettings): Promise<Machine> {
  const { dataDir, seed } = settings
  const options = optionsSchema.parse(settings.options)
  const state = new CrmState(options.catalogue)
  const clock = createClock()
  const baseFiles: string[] = []

  function placeRow(row: After): void {
    if (row.lead) clock.atLeast(row.lead.updateDate)
    state.apply(row)
  }
  /** Applies an effect together with the base files that it names. */
  function place(after: After): void {
    state.apply(after)
    if (after.cleared) baseFiles.length = 0
    for (const file of after.files ?? []) {
      baseFiles.push(file)
      for (const row of readBaseFile(dataDir, file)) placeRow(row)
    }
  }

  const { stages } = options.catalogue
  const webhooks = createWebhooks({ state, stages, seed, initial: settings.webhooks })
  const log = await openEffectLog(join(dataDir, 'effects.ndjson'), (effect) => {
    clock.atLeast(effect.time)
    place(effect.after)
  })
  log.onDurable(webhooks.saved)
  const crm: Crm = { state, log, clock, catalogue: options.catalogue, policies: options.policies, committed: webhooks.noted }
  const traffic = createTraffic()
  let faults = createFaultPlanner({}, seed)
  let quota = gated(settings.quota)

  return {
    crm,
    seed,
    traffic,
    webhooks,
    get faults() {
      return faults
    },
    get quota() {
      return quota
    },
    setFaults(given) {
      faults = createFaultPlanner(faultsSchema.parse(given), seed)
    },
    setPolicies(given) {
      crm.policies = policiesSchema.parse({ ...crm.policies, ...policiesSchema.partial().parse(given) })
    },
    setQuota(given) {
      quota = gated(given)
    },
    async load(rows) {
      const complete = (given: Partial<LeadRow> & { id: number }) => ({ ...blankLead(crm, given.id, clock.next()), ...given })
      const file = `base-${log.lastSeq + 1}.ndjson`
      const count = writeBaseFile(dataDir, file, readSeeds(typeof rows === 'string' ? ndjsonRows(rows) : rows, complete))
      const after = { files: [file] }
      log.append({ kind: 'loaded', by: 'user', id: 0, key: '', body: { rows: count }, time: clock.next(), after })
      // Read back from the file, as a restart would: one way in, and parsed rows take less memory than built ones.
      place(after)
      await log.durable()
      return { rows: count }
    },
    async reset(keepBase) {
      const after: After = { cleared: true, files: keepBase ? [...baseFiles] : [] }
      log.append({ kind: 'reset', by: 'user', id: 0, key: '', body: { keepBase }, time: clock.next(), after })
      place(after)
      faults = createFaultPlanner({}, seed)
      quota = gated(settings.quota)
      crm.policies = options.policies
      webhooks.reset()
      traffic.clear()
      await log.durable()
    },
  }
}

function gated(given: unknown): Machine['quota'] {
  if (given === null) return null
  const settings = quotaSchema.parse(given)
  return { settings, gate: createQuota(settings) }
}
