/** Everything that is watched and that no single process knows: read from the state database, the disk and the ERP, by whichever process is asked. */

import { statfs } from 'node:fs/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Erp, Tablespace } from '../../connectors/erp/erp.ts'
import { type QuotaUse, quotaUse } from '../../connectors/state/changes/figures.ts'
import { countHeld } from '../../connectors/state/changes/operator.ts'
import {
  type JobEnd,
  jobCounts,
  jobEnds,
  type LastHour,
  lastDetectors,
  lastHour,
  secondsWithout,
  type WaitingEntity,
  waitingByEntity,
} from '../../connectors/state/runs/job-figures.ts'
import { readTicking } from '../../connectors/state/runs/ticking.ts'
import { type AlertRow, openAlerts } from '../../connectors/state/watch/alerts.ts'
import {
  type Disk,
  noteDisks,
  notedDisks,
  notedReachability,
  noteReachable,
  type Reachable,
} from '../../connectors/state/watch/machines.ts'
import type { Lane } from '../../queue-dirs/lane.types.ts'
import { kindNames, type LaneName } from '../../records/kinds.ts'
import { type Detected, executeSpark } from '../detect/detect.ts'
import { backupPostgresql } from '../keep/backup.ts'
import { lateness } from './lateness.ts'
import { createSource, type Reading, type Source } from './source.ts'

export interface QueueCount {
  readonly lane: LaneName
  readonly folder: 'processar' | 'processando' | 'falhas'
  readonly prefix: string
  readonly files: number
  readonly oldestSeconds: number | null
}

export interface Figures {
  readonly ends: readonly JobEnd[]
  readonly counts: readonly { readonly job: string; readonly name: string; readonly value: number }[]
  readonly waiting: readonly WaitingEntity[]
  readonly hour: LastHour
  readonly detectors: readonly Detected[]
  readonly quota: readonly QuotaUse[]
  readonly queue: readonly QueueCount[]
  readonly disks: readonly Disk[]
  readonly reachable: readonly Reachable[]
  /** See lateness.ts. */
  readonly lateSeconds: number | null
  readonly alerts: readonly AlertRow[]
  readonly tablespaces: readonly Tablespace[]
  /** Records that stopped by themselves. */
  readonly held: number
  /** Since the last backup; without any, since the first run. */
  readonly backupSeconds: number
}

export type FigureName = keyof Figures
export const figureNames: readonly FigureName[] = Object.keys({
  ends: 0,
  counts: 0,
  waiting: 0,
  hour: 0,
  detectors: 0,
  quota: 0,
  queue: 0,
  disks: 0,
  reachable: 0,
  lateSeconds: 0,
  alerts: 0,
  tablespaces: 0,
  held: 0,
  backupSeconds: 0,
} satisfies Record<FigureName, 0>) as FigureName[]
export type Looked = { readonly [N in FigureName]: Reading<Figures[N]> }

export interface FigureSources {
  /** All at once; who is slow is stale. Never throws. */
  look(patienceMs: number): Promise<Looked>
}

export interface FigureDeps {
  /** Of their own (connectors/state/watch/watch-pool.ts). */
  readonly state: pg.Pool
  readonly erp: Erp
  readonly lanes: Readonly<Record<LaneName, Lane<LaneName>>>
  readonly log: Logger
  readonly machine: string
  /** Folders whose disks must have room, by what they are called. */
  readonly places: Readonly<Record<string, string>>
}

const FRESH_MS = 5_000
/** A look at all tablespaces is work for an Oracle. */
const TABLESPACE_MS = 300_000

export function figureSources(deps: FigureDeps): FigureSources {
  const { state } = deps
  const readers: { readonly [N in FigureName]: () => Promise<Figures[N]> } = {
    ends: () => jobEnds(state),
    counts: () => jobCounts(state),
    waiting: () => waitingByEntity(state),
    hour: () => lastHour(state),
    detectors: async () => (await lastDetectors(state, executeSpark.name)) as Detected[],
    quota: () => quotaUse(state),
    queue: () => countQueue(deps),
    disks: () => lookAtDisks(deps),
    reachable: () => lookAtPartners(deps),
    lateSeconds: async () => lateness(await readTicking(state)),
    alerts: () => openAlerts(state),
    tablespaces: async () => (await deps.erp.tablespaces?.()) ?? [],
    held: () => countHeld(state),
    backupSeconds: () => secondsWithout(state, backupPostgresql.name),
  }
  const sources = new Map<FigureName, Source<unknown>>(
    figureNames.map((name) => {
      const freshMs = name === 'tablespaces' ? TABLESPACE_MS : FRESH_MS
      return [
        name,
        createSource<unknown>(readers[name], {
          freshMs,
          onError: (err) => deps.log.debug({ err, source: name }, 'a figure cannot be read'),
        }),
      ]
    }),
  )
  return {
    async look(patienceMs) {
      const readings = await Promise.all(figureNames.map(async (name) => [name, await sources.get(name)!.look(patienceMs)] as const))
      return Object.fromEntries(readings) as unknown as Looked
    },
  }
}

async function countQueue({ lanes }: FigureDeps): Promise<QueueCount[]> {
  const now = Date.now()
  const counts = await Promise.all(
    kindNames.map(async (name) =>
      (await lanes[name].counts()).map(({ oldest, ...rest }) => ({
        lane: name,
        ...rest,
        oldestSeconds: oldest === null ? null : Math.max(0, (now - oldest) / 1_000),
      })),
    ),
  )
  return counts.flat()
}

/** This machine's are looked at and noted for the others; what is known without the state database is better than nothing. */
async function lookAtDisks({ state, machine, places }: FigureDeps): Promise<Disk[]> {
  const mine = await Promise.all(
    Object.entries(places).map(async ([place, folder]) => {
      const { bavail, blocks, bsize } = await statfs(folder)
      return { place, freeBytes: bavail * bsize, sizeBytes: blocks * bsize }
    }),
  )
  try {
    await noteDisks(state, machine, mine)
    return await notedDisks(state)
  } catch {
    return mine.map((disk) => ({ machine, ...disk }))
  }
}

/** The ERP is asked here; of the CRM is known what its clients note (reachability.ts), so that watching costs none of its quota. */
async function lookAtPartners({ state, erp, machine }: FigureDeps): Promise<Reachable[]> {
  const up = await erp.ping().then(
    () => true,
    () => false,
  )
  await noteReachable(state, machine, 'erp', up)
  return notedReachability(state)
}
