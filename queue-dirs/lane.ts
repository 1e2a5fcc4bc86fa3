import pLimit from 'p-limit'
import { PonteError } from '../base/error.ts'
import { type Disk, openDisk } from '../base/files/atomic-file.ts'
import { claimLetters, refuseUnknown } from './claim/claims.ts'
import { type Clock, systemClock } from './claim/clock.ts'
import { createWatcher } from './claim/heartbeat.ts'
import { deadLetters, describe, requeue, showDead } from './dead/dead-letters.ts'
import { deadNames } from './dead/dead-names.ts'
import { editWaiting } from './dead/edit-waiting.ts'
import { mendDead } from './dead/mend-dead.ts'
import type { House } from './house.ts'
import { countLetters, undeliveredLetters } from './keep/counts.ts'
import { eraseLines } from './keep/erase.ts'
import { purge, purgeUntaken } from './keep/purge.ts'
import type { Lane, LaneName } from './lane.types.ts'
import { prepareLayout } from './layout.ts'
import { createIds, createNameTime } from './letter/ids.ts'
import { PREFIXES } from './letter/name.ts'
import { openArchiveLetter } from './outbox/archive-letter.ts'
import { copyLetters } from './outbox/copies.ts'
import { createDesk } from './outbox/desk.ts'
import { openStaging } from './outbox/staging.ts'
import { recoverLane } from './recover.ts'

export interface LaneOptions {
  /** QUEUE_ROOT: created 0750 when absent, refused when others may enter it. */
  readonly root: string
  readonly name: LaneName
  /** Lines of a bulk letter, from 1. Default 500. */
  readonly linesPerFile?: number
  /** A holder that shows no life for this long has lost its letters. Default 30,000 ms. */
  readonly leaseMs?: number
  /** Default 5,000 ms; at most a third of the lease. */
  readonly heartbeatMs?: number
  /** Wall clock for names and dates, epoch ms. Leases do not use it. */
  readonly now?: () => number
  /** Prefixes of entities beyond those of the old system. */
  readonly prefixes?: readonly string[]
  /** See House. Default 2,000 ms. */
  readonly settleMs?: number
  /** See House. Default 10,000 letters. */
  readonly windowSize?: number
}

/** For tests: what stands between a lane and the machine. */
export interface Seams {
  readonly disk?: Disk
  readonly clock?: Clock
}

/**
 * Opens one queue directory tree, `<root>/<name>`.
 *
 * @throws PonteError `queue.readable_by_others`, `queue.disk_*`, `queue.bad_options`
 */
export async function openLane<Name extends LaneName>(
  options: LaneOptions & { readonly name: Name },
  seams: Seams = {},
): Promise<Lane<Name>> {
  const { name, linesPerFile = 500, leaseMs = 30_000, heartbeatMs = 5_000, settleMs = 2_000, windowSize = 10_000 } = options
  const prefixes = [...new Set([...PREFIXES, ...(options.prefixes ?? [])])]
  checkOptions({ linesPerFile, leaseMs, heartbeatMs, windowSize, prefixes })
  const disk = seams.disk ?? openDisk({ room: 'queue' })
  const clock = seams.clock ?? systemClock(options.now)
  const layout = await prepareLayout(options.root, name, disk)
  const nameTime = createNameTime(clock)
  const house: House = {
    disk,
    clock,
    layout,
    prefixes,
    linesPerFile,
    leaseMs,
    heartbeatMs,
    settleMs,
    windowSize,
    nameTime,
    nextId: createIds(nameTime),
  }
  const watcher = createWatcher(house)
  const desk = createDesk(house)
  // Of two edits at once the second would find its letters taken.
  const editing = pLimit(1)

  return {
    name,
    stage: async (run, entity, prefix, at) => {
      refuseUnknown(house, [prefix])
      return openStaging(house, run, entity, prefix, at)
    },
    recover: (record) => recoverLane(house, watcher, record),
    enqueue: async (prefix, slug, body) => {
      refuseUnknown(house, [prefix])
      return desk.enqueue(prefix, slug, body)
    },
    enqueueIf: async (wanted, prefix, slug, body) => {
      refuseUnknown(house, [prefix])
      return desk.enqueueIf(wanted, prefix, slug, body)
    },
    archive: async (prefix, slug) => {
      refuseUnknown(house, [prefix])
      return openArchiveLetter(house, prefix, slug)
    },
    claims: (choice) => claimLetters(house, watcher, choice),
    editWaiting: async (prefix, edit) => {
      refuseUnknown(house, [prefix])
      return editing(() => editWaiting(house, prefix, edit))
    },
    probe: () => desk.probe(),
    counts: () => countLetters(house),
    undelivered: () => undeliveredLetters(house),
    copy: (take) => copyLetters(house, take),
    deadLetters: () => deadLetters(house, name),
    deadNames: (choice) => deadNames(house, choice),
    describeDead: (file) => describe(house, name, file),
    showDead: (file) => showDead(house, name, file),
    mendDead: (file, plan) => mendDead(house, file, plan),
    requeue: (file) => requeue(house, file),
    erase: (choice) => editing(() => eraseLines(house, name, choice)),
    purge: (days, at) => purge(house, days, at),
    purgeUntaken: async (prefix, days, at) => {
      refuseUnknown(house, [prefix])
      return purgeUntaken(house, prefix, days, at)
    },
    close: () => desk.close(),
  }
}

function checkOptions(options: {
  linesPerFile: number
  leaseMs: number
  heartbeatMs: number
  windowSize: number
  prefixes: readonly string[]
}): void {
  const { linesPerFile, leaseMs, heartbeatMs, windowSize, prefixes } = options
  const wrong = (what: string) =>
    new PonteError('queue.bad_options', what, { hint: 'correct the settings with which the queue is opened', exitCode: 2 })
  if (!Number.isInteger(linesPerFile) || linesPerFile < 1) throw wrong('linesPerFile is a whole number from 1')
  if (!Number.isInteger(windowSize) || windowSize < 1) throw wrong('windowSize is a whole number from 1')
  if (!(heartbeatMs > 0) || heartbeatMs * 3 > leaseMs) throw wrong('heartbeatMs is at most a third of leaseMs')
  for (const prefix of prefixes) {
    if (!/^[a-z][a-z0-9_]{0,59}$/.test(prefix))
      throw wrong(`prefix ${JSON.stringify(prefix)} is not lower case letters, digits and underscores`)
    // `a` and `a_b` could not be told apart in `a_b_x_...`.
    const blurred = prefixes.find((other) => other !== prefix && other.startsWith(`${prefix}_`))
    if (blurred !== undefined) throw wrong(`prefixes ${prefix} and ${blurred} cannot be told apart`)
  }
}
