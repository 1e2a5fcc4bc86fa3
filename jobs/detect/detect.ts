/** job_execute_spark: the detectors, one after another; the failure of one does not stop the others. */

import { PonteError } from '../../base/error.ts'
import type { Extract } from '../../connectors/erp/erp.ts'
import { tallyRun } from '../../connectors/state/changes/changes.ts'
import { failLostLetters, queuedLetters } from '../../connectors/state/changes/queueing.ts'
import type { Guard } from '../../engine/model.ts'
import { type Entity, entities } from '../../records/kinds.ts'
import type { Context, Job, JobOutcome, JobRun } from '../context.ts'
import { recoverLanes } from '../recover.ts'
import { errorText } from '../run/error-text.ts'
import { compareEntity } from './compare-entity.ts'
import { publish } from './publish.ts'
import { shadowCompare } from './shadow.ts'

export interface Detected {
  readonly entity: string
  readonly status: 'success' | 'stopped' | 'failed'
  readonly rows?: { desired: number; known: number; keyless: number }
  readonly changed: number
  readonly queued: number
  readonly suppressed: number
  readonly held: readonly string[]
  readonly discarded: number
  readonly files: number
  readonly vanished: number
  readonly guards?: readonly Guard[]
  readonly error?: string
  readonly steps?: readonly { step: string; wallMs: number; cpuMs: number; rows: number }[]
}

const nothing = { changed: 0, queued: 0, suppressed: 0, held: [], discarded: 0, files: 0, vanished: 0 }

export const executeSpark: Job = {
  name: 'job_execute_spark',
  aliases: [],
  summary: 'compare the ERP with what the CRM is known to hold, and queue what differs',
  async run(context, run) {
    if (context.options.shadow) return shadowCompare(context, run)
    await recoverLanes(context)
    await releaseLostLetters(context)
    const ambiguous = await context.erp.ambiguousTaxIds()
    if (ambiguous.length > 0)
      context.log.warn(
        { count: ambiguous.length, branches: ambiguous.flatMap((one) => one.branches).slice(0, 20) },
        'tax ids carried by several branches are held back',
      )
    // One moment of the ERP for all detectors: a contact is never compared against a later branch.
    const extract = await context.erp.openExtract(context.options.readers)
    const detected: Detected[] = []
    try {
      for (const entity of entities) {
        if (run.signal.aborted) break
        detected.push(await detect(context, run, entity, extract))
      }
    } finally {
      await extract.close()
    }
    return outcome(detected, ambiguous.length)
  },
}

async function detect(context: Context, run: JobRun, entity: Entity, extract: Extract): Promise<Detected> {
  try {
    const compared = await compareEntity(context.engine, extract, entity, {
      run: run.id,
      acceptGuards: run.acceptGuards,
      changedLimitPercent: context.options.changedLimitPercent,
      signal: run.signal,
      onProgress: ({ side, rows }) => run.progress({ kind: 'pull', entity: entity.name, side, rows }),
    })
    if (compared.kind === 'stopped') {
      context.log.error({ entity: entity.name, guards: compared.guards.map((guard) => guard.guard) }, 'a guard stopped the detector')
      return { ...nothing, entity: entity.name, status: 'stopped', guards: compared.guards }
    }
    const { comparison } = compared
    try {
      const published = await publish({ state: context.state, lane: context.lanes[entity.kind] }, run, entity, comparison, (done) =>
        run.progress({ kind: 'publish', entity: entity.name, done, total: comparison.changed }),
      )
      if (published.held.length > 0)
        context.log.error(
          { entity: entity.name, keys: published.held.slice(0, 20) },
          'sent three times without converging: held until they change or are requeued',
        )
      const { changed, rows, steps, vanished } = comparison
      const accounted = published.queued + published.suppressed + published.discarded + published.held.length
      if (accounted !== changed)
        throw new PonteError('run.unbalanced', `${entity.name}: ${changed} rows differ, but ${accounted} are accounted for.`, {
          hint: 'A defect: keep the log and the snapshots, and report it. What was queued is delivered.',
        })
      return { entity: entity.name, status: 'success', rows, changed, ...published, vanished: vanished.count, steps }
    } finally {
      await comparison.close()
    }
  } catch (error) {
    context.log.error({ err: error, entity: entity.name }, 'detector failed')
    // It may have failed after its outbox was recorded (the snapshot's disk is full): then those are queued all the same.
    const tally = await tallyRun(context.state, run.id).catch(() => ({}) as Record<string, Record<string, number>>)
    const queued = Object.values(tally[entity.name] ?? {}).reduce((sum, n) => sum + n, 0)
    return { ...nothing, entity: entity.name, status: 'failed', changed: queued, queued, error: errorText(error) }
  }
}

function outcome(detected: readonly Detected[], ambiguousTaxIds: number): JobOutcome {
  const sum = (name: 'changed' | 'queued' | 'suppressed' | 'discarded' | 'files' | 'vanished') =>
    detected.reduce((total, one) => total + one[name], 0)
  const held = detected.reduce((total, one) => total + one.held.length, 0)
  const counts = {
    changed: sum('changed'),
    queued: sum('queued'),
    suppressed: sum('suppressed'),
    held,
    discarded: sum('discarded'),
    files: sum('files'),
    vanished: sum('vanished'),
    ambiguousTaxIds,
    detectors: detected,
  }
  const failed = detected.filter((one) => one.status === 'failed')
  const stopped = detected.filter((one) => one.status === 'stopped')
  if (failed.length > 0) return { status: 'failed', counts, message: failed.map((one) => `${one.entity}: ${one.error}`).join('\n') }
  if (stopped.length > 0) {
    const guards = stopped.flatMap((one) => (one.guards ?? []).map((guard) => guard.message))
    return { status: 'stopped', counts, message: guards.join('\n') }
  }
  if (counts.changed === counts.discarded) return { status: 'skipped', counts, message: 'nothing to do' }
  return { status: 'success', counts }
}

/**
 * The letters on disk are the truth. What the index holds for queued without a letter (somebody deleted the file, or it was
 * unreadable and lies in falhas) would be suppressed for ever, so it is released before each compare.
 *
 * The index is asked first: a letter is on disk before it is recorded, and its changes have ended before it is archived.
 */
async function releaseLostLetters({ state, lanes, log }: Context): Promise<void> {
  for (const lane of Object.values(lanes)) {
    const mine = entities.filter((entity) => entity.kind === lane.name).map((entity) => entity.name)
    const recorded = await queuedLetters(state, mine)
    const onDisk = await lane.undelivered()
    const lost = recorded.filter((letter) => !onDisk.has(letter))
    if (lost.length === 0) continue
    const changes = await failLostLetters(state, lost)
    log.error(
      { lane: lane.name, letters: lost.slice(0, 20), changes },
      'letters are gone from the queue undelivered: what still differs is sent again',
    )
  }
}
