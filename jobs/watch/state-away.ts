/**
 * The alert that the state database is away. Its book cannot lie there, so it is a file in STATE_DIR, one for all processes of a machine:
 * whoever makes it tells, and touches it as long as it lives; when it is not touched any more, another takes it over. Where not even a file
 * can be made (a full disk takes both away), each process tells for itself.
 *
 * Killed between telling and noting it, the one who takes over tells once more, under the same id.
 */
import { existsSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { AlertRow } from '../../connectors/state/watch/alerts.ts'
import type { AlertSettings } from '../../deploy/env/watch.ts'
import { alertMessage } from './alert-message.ts'
import { sendAlert } from './outgoing.ts'

export interface StateAway {
  /** It did not answer just now. Never throws. */
  away(): Promise<void>
  /** It did. Never throws. */
  there(): Promise<void>
}

export interface StateAwayOptions {
  /** See stateAwayFile. */
  readonly file: string
  readonly machine: string
  readonly settings: AlertSettings
  readonly log: Logger
  /** How long it must be away before anybody is told, milliseconds. Default: a minute. */
  readonly holdMs?: number
}

/** An owner touches its file every quarter of a minute. */
const DEAD_MS = 60_000

interface Episode {
  readonly since: number
  readonly notifications: number
  /** 0: nobody was told. */
  readonly notifiedAt: number
}

export function stateAway({ file, machine, settings, log, holdMs = DEAD_MS }: StateAwayOptions): StateAway {
  let awayFrom: number | null = null
  let mine: Episode | null = null

  const tell = async (episode: Episode, endedAt: Date | null): Promise<boolean> => {
    const message = alertMessage(row(episode, machine, endedAt), settings)
    try {
      if (settings.url !== null) await sendAlert(settings.url, settings.secret, message)
      log[endedAt === null ? 'error' : 'info']({ alert: message.code, subject: machine, type: message.type }, message.text)
      return true
    } catch (err) {
      log.warn({ err, alert: message.code }, 'an alert was not told; tried again')
      return false
    }
  }
  return {
    async away() {
      awayFrom ??= performance.now()
      if (performance.now() - awayFrom < holdMs) return
      mine = own(file, mine)
      if (mine === null) return
      const sinceTold = Math.abs(Date.now() - mine.notifiedAt)
      if (sinceTold < settings.repeatMinutes * 60_000 || !(await tell(mine, null))) return
      mine = { ...mine, notifications: mine.notifications + 1, notifiedAt: Date.now() }
      keep(file, mine)
    },
    async there() {
      awayFrom = null
      if (mine === null && !existsSync(file)) return
      mine = own(file, mine)
      if (mine === null || !(await tell(mine, new Date()))) return
      mine = null
      rmSync(file, { force: true })
    },
  }
}

/** Where all processes of a machine look. */
export const stateAwayFile = (stateDir: string): string => join(stateDir, 'state-unreachable.alert')

/** The alert as it stands on this machine, for a command that finds the database away. Nobody noted it yet: since now. */
export function stateAwayRow(file: string): Omit<AlertRow, 'attempts'> {
  return row(read(file) ?? { since: Date.now(), notifications: 0, notifiedAt: 0 }, hostname(), null)
}

const row = ({ since, notifications }: Episode, machine: string, endedAt: Date | null): Omit<AlertRow, 'attempts'> => ({
  code: 'state_unreachable',
  subject: machine,
  status: endedAt === null ? 'firing' : 'resolved',
  summary: `the state database ${endedAt === null ? 'does not answer' : 'answers again on'} ${machine}`,
  since: new Date(since),
  endedAt,
  notifications,
})

/** @returns the episode when this process is the one who tells; null: another one lives and does */
function own(file: string, mine: Episode | null): Episode | null {
  const fresh = { since: Date.now(), notifications: 0, notifiedAt: 0 }
  try {
    if (mine !== null) {
      utimesSync(file, new Date(), new Date())
      return mine
    }
    writeFileSync(file, JSON.stringify(fresh), { flag: 'wx', mode: 0o640 })
    return fresh
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST'
    return exists ? takeOver(file, fresh) : (mine ?? fresh)
  }
}

/** Whoever renames the file of a dead owner has it: a rename succeeds once. */
function takeOver(file: string, fresh: Episode): Episode | null {
  const aside = `${file}.${process.pid}`
  try {
    if (Math.abs(Date.now() - statSync(file).mtimeMs) < DEAD_MS) return null
    renameSync(file, aside)
    const episode = read(aside) ?? fresh
    utimesSync(aside, new Date(), new Date())
    renameSync(aside, file)
    return episode
  } catch {
    // Another one was quicker.
    return null
  }
}

function read(file: string): Episode | null {
  try {
    const { since, notifications, notifiedAt } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Episode>
    return Number.isFinite(since) ? { since: since!, notifications: notifications ?? 0, notifiedAt: notifiedAt ?? 0 } : null
  } catch {
    // Cut off by a full disk.
    return null
  }
}

function keep(file: string, episode: Episode): void {
  try {
    writeFileSync(`${file}.new`, JSON.stringify(episode), { mode: 0o640 })
    renameSync(`${file}.new`, file)
  } catch {
    // See above: then it is in memory only.
  }
}
