/** The parts of an installation, tried one by one. What one of them throws is that check's result, never the end of the others. */
import { mkdir, statfs } from 'node:fs/promises'
import type pg from 'pg'
import { PonteError } from '../../base/error.ts'
import { dialectOf, openErp } from '../../connectors/erp/open.ts'
import { openState } from '../../connectors/state/pool.ts'
import { secondsWithout } from '../../connectors/state/runs/job-figures.ts'
import type { Settings } from '../../deploy/env.ts'
import { backupPostgresql } from '../../jobs/keep/backup.ts'
import { sentence, whatHappened } from '../../jobs/run/error-text.ts'
import { BACKUP_SECONDS } from '../../jobs/watch/judge.ts'
import { entities } from '../../records/kinds.ts'
import type { Closer } from '../closer.ts'
import { type Databases, erpPool, migrateErp, openDatabases } from '../databases.ts'
import { openLanes } from '../lanes.ts'
import { readersOf } from '../lazy-engine.ts'
import { openLog } from '../log.ts'
import { plural } from '../output.ts'
import { compareClocks } from './doctor-clocks.ts'
import { trySchedules } from './doctor-schedules.ts'
import { tryZone } from './doctor-zone.ts'

export interface Check {
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed'
  readonly detail: string
  readonly hint?: string
}

const lowDiskBytes = 1024 ** 3

export async function examine(settings: Settings, closer: Closer): Promise<Check[]> {
  const checks = [
    await check('node', async () => `${process.version} on ${process.platform}-${process.arch}`),
    await check('log', async () => {
      openLog(settings)
      return settings.logFile ?? 'standard error'
    }),
    await disk('disk of queue', settings.queueRoot),
    await disk('disk of state', settings.stateDir),
    await check('queue', () => queue(settings)),
  ]
  let databases: Databases | null = null
  if (!settings.erpUrl || !settings.stateUrl)
    checks.push(
      await check('embedded server', async () => {
        databases = await openDatabases(settings, closer)
        return `runs for ${settings.erpUrl ? 'the state only' : settings.stateUrl ? 'the ERP only' : 'ERP and state'}`
      }),
    )
  else databases = await openDatabases(settings, closer)
  if (!databases) return checks
  checks.push(...(await erp(databases, readersOf(settings), closer)))
  let state: pg.Pool | null = null
  const { stateUrl } = databases as Databases
  checks.push(
    await check('state database', async () => {
      state = await openState(stateUrl)
      closer.add(() => state!.end())
      return `${settings.stateUrl ? place(stateUrl) : 'embedded'}: answers, schema up to date`
    }),
  )
  if (state) checks.push(await check('schedules', () => trySchedules(settings, stateUrl, state!)))
  checks.push(await crm(settings, state))
  checks.push(await check('backups', () => backups(settings, state)))
  if (settings.shadow)
    checks.push({
      name: 'shadow mode',
      status: 'warning',
      detail: 'compares and reports; nothing is queued, delivered or applied',
      hint: 'Right beside another system that does the work. When Ponte takes over: SHADOW=false (deploy/CUTOVER.md)',
    })
  const { erpUrl } = databases as Databases
  checks.push(await check('clocks', () => compareClocks(settings, { erpUrl, state }, closer)))
  return checks
}

async function check(name: string, body: () => Promise<string | Pick<Check, 'detail' | 'hint'>>): Promise<Check> {
  try {
    const result = await body()
    if (typeof result === 'string') return { name, status: 'ok', detail: result }
    return { name, status: result.hint ? 'warning' : 'ok', ...result }
  } catch (error) {
    const hint = error instanceof PonteError ? { hint: sentence(error.hint) } : {}
    return { name, status: 'failed', detail: whatHappened(error), ...hint }
  }
}

async function backups({ backup }: Settings, state: pg.Pool | null): Promise<Pick<Check, 'detail' | 'hint'>> {
  const seconds = state === null ? 0 : await secondsWithout(state, backupPostgresql.name)
  if (backup.recipients.length === 0)
    return { detail: 'none is made: BACKUP_RECIPIENTS is not set', hint: 'ponte backup key makes a pair of keys; set it to the public one' }
  const detail = `kept in ${backup.dir}`
  if (seconds < BACKUP_SECONDS) return { detail }
  return { detail, hint: `None has been made for ${plural(Math.floor(seconds / 86_400), 'day')}: ponte run backup_postgresql says why` }
}

async function queue(settings: Settings): Promise<Pick<Check, 'detail' | 'hint'>> {
  const files = { waiting: 0, dead: 0, unknown: 0 }
  for (const lane of Object.values(await openLanes(settings)))
    for (const one of await lane.counts())
      files[one.folder === 'falhas' ? 'dead' : one.prefix === 'unknown' ? 'unknown' : 'waiting'] += one.files
  const detail = `${settings.queueRoot}: ${plural(files.waiting, 'letter')} waiting, ${files.dead} in falhas`
  if (files.unknown > 0)
    return {
      detail,
      hint: `${plural(files.unknown, 'file')} in processar that no job takes, by the name: no known prefix. Rename or move away.`,
    }
  return files.dead > 0 ? { detail, hint: 'See what was refused, and why: ponte falhas ls' } : { detail }
}

const disk = (name: string, folder: string) =>
  check(name, async () => {
    await mkdir(folder, { recursive: true, mode: 0o750 })
    const { bavail, bsize } = await statfs(folder)
    const free = bavail * bsize
    const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free at ${folder}`
    if (free >= lowDiskBytes) return detail
    return { detail, hint: 'Free some space: nothing is lost on a full disk, but nothing goes on either.' }
  })

async function erp({ erpUrl, embeddedErp }: Databases, readers: number, closer: Closer): Promise<Check[]> {
  const warnings: string[] = []
  const client = await openErp({ url: erpUrl, warn: (text) => warnings.push(text) })
  closer.add(() => client.close())
  const answers = await check('ERP', async () => {
    await client.ping()
    // Ponte's own ERP is installed without asking, as every command does.
    if (embeddedErp) await migrateErp(erpPool(erpUrl, closer))
    return `${embeddedErp ? 'embedded demo ERP' : place(erpUrl)}: answers`
  })
  if (answers.status === 'failed') return [answers]
  const schema = await check('ERP schema', async () => {
    // As a compare does, with all readers.
    const extract = await client.openExtract(readers)
    try {
      for (const { desired, known, columns } of entities)
        for (const view of [desired, known])
          if (view)
            await extract.source(
              view,
              columns.map((column) => column.name),
            )
    } finally {
      await extract.close()
    }
    const detail = 'all views are there and may be read'
    return warnings.length === 0 ? detail : { detail, hint: sentence(warnings.join('; ')) }
  })
  if (schema.status === 'failed') return [answers, schema]
  return [answers, schema, await check('ERP time zone', () => tryZone(client, new Date()))]
}

/** Server and database of a URL; never its user or password. */
function place(url: string): string {
  const where = url.replace(/^\w+:\/\/([^@]*@)?/, '').replace(/\?.*$/s, '')
  const names = { postgres: 'PostgreSQL', mysql: 'MySQL', oracle: 'Oracle' } as const
  return `${names[dialectOf(url)]} at ${where}`
}

async function crm(settings: Settings, state: pg.Pool | null): Promise<Check> {
  const { crm } = settings
  if (!crm)
    return {
      name: 'CRM',
      status: 'warning',
      detail: 'not configured',
      hint: 'Set API_URL and API_TOKEN. Until then Ponte compares and queues; delivery jobs fail.',
    }
  if (!state) return { name: 'CRM', status: 'failed', detail: 'not tried: the limit of requests is kept in the state database' }
  return check('CRM', async () => {
    const { openCrm } = await import('../crm.ts')
    const client = openCrm(settings, state, openLog(settings))
    try {
      await client.industries()
      return `${new URL(crm.url).host}: answers and accepts the token`
    } finally {
      await client.close()
    }
  })
}
