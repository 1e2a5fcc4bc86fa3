/** What a job is given. Built once by the command line (or the scheduler); jobs never read settings or open connections. */
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Spotter } from '../connectors/crm/spotter/types.ts'
import type { Erp } from '../connectors/erp/erp.ts'
import type { Lease } from '../connectors/state/runs/leases.ts'
import type { Engine } from '../engine/model.ts'
import type { Lane } from '../queue-dirs/lane.types.ts'
import type { LaneName } from '../records/kinds.ts'

export interface Context {
  readonly erp: Erp
  readonly crm: Spotter
  /** The same CRM and quota for work that a webhook caused: it passes bulk work. */
  readonly inboundCrm: Spotter
  readonly engine: Engine
  readonly state: pg.Pool
  readonly lanes: Readonly<Record<LaneName, Lane<LaneName>>>
  readonly log: Logger
  readonly options: {
    /** Parallel ranges when reading the ERP. */
    readonly readers: number
    /** How long a killed run keeps its job to itself, milliseconds. */
    readonly leaseMs: number
    /** Lines in flight at once. */
    readonly concurrency: number
    /** How long an effect whose answer was lost may still be under way, milliseconds. */
    readonly settleMs: number
    /** Country name that leads carry. */
    readonly countryName: string
    /** Lines per run of the lead jobs; 0 = all. The rest stays queued. */
    readonly leadsPerRun: number
    /** Days that delivered letters are kept, at least 1. */
    readonly keepDays: number
    /** More records than this that begin to differ at once stop the compare, percent of the known ones. */
    readonly changedLimitPercent: number
    /** More of the mirror than this is never removed by one compare, percent. */
    readonly discardLimitPercent: number
    /** A full sync that found less than this part of the old mirror swaps nothing, percent. */
    readonly fullSyncMinPercent: number
    /** The CRM's product that stands for budgets and orders. */
    readonly productId: number
    /** Who a sale is credited to when the ERP names nobody; null: such a sale is refused. */
    readonly salesEmailFallback: string | null
    /** Folder of report files; they hold personal data. */
    readonly reportsDir: string
    /** Only look: another system still does the work. */
    readonly shadow: boolean
    /** Where snapshots are. */
    readonly stateDir: string
    /** Version of Ponte, which a backup's name carries. */
    readonly version: string
    readonly backup: {
      readonly dir: string
      /** Public keys; none: no backup is made. */
      readonly recipients: readonly string[]
      /** How many are kept. */
      readonly keep: number
    }
  }
}

/** One run of one job. */
export interface JobRun {
  readonly id: string
  readonly job: string
  readonly at: Date
  readonly lease: Lease
  /** Aborts on SIGTERM, and when the lease is lost. */
  readonly signal: AbortSignal
  /** An operator looked at the guards of an earlier run and said: go on. */
  readonly acceptGuards: boolean
  /** Look and report, change nothing. True only for jobs that know it. */
  readonly dryRun: boolean
  /** A webhook made work for this very run; what only the schedule has to do is left to it. */
  readonly woken: boolean
  readonly progress: (event: Progress) => void
}

export type Progress =
  | { readonly kind: 'pull'; readonly entity: string; readonly side: 'desired' | 'known'; readonly rows: number }
  | { readonly kind: 'publish'; readonly entity: string; readonly done: number; readonly total: number }
  | { readonly kind: 'deliver'; readonly done: number; readonly total: number }

export interface JobOutcome {
  readonly status: 'success' | 'skipped' | 'failed' | 'stopped'
  readonly counts: Readonly<Record<string, unknown>>
  readonly message?: string
  /** Exit code of a failed run, when it is not 1: 2 for a wrong configuration (a refused token). */
  readonly exitCode?: number
  /** PonteError code of what made it fail. */
  readonly code?: string
  /** Jobs that this run made work for: they are run next. */
  readonly triggers?: readonly string[]
}

export interface Job {
  /** The name that people use; `aliases` holds the job's id in the old system. */
  readonly name: string
  readonly aliases: readonly string[]
  readonly summary: string
  /** Runs only when a person asks for it. */
  readonly manual?: true
  /** Knows `JobRun.dryRun`. */
  readonly canDryRun?: true
  run(context: Context, run: JobRun): Promise<JobOutcome>
}
