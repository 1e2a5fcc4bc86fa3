/** Whether the clocks agree, for `ponte doctor`: this machine's with those of the state database, the ERP and the CRM. */
import type pg from 'pg'
import { PonteError } from '../../base/error.ts'
import { openErp } from '../../connectors/erp/open.ts'
import { stateClock } from '../../connectors/state/query.ts'
import type { Settings } from '../../deploy/env.ts'
import { CLOCK_MS } from '../../jobs/run/keeper.ts'
import type { Closer } from '../closer.ts'
import { duration } from '../output.ts'

/** More than a slow answer and a time in whole seconds make. */
const CLOSE_MS = 5_000
const SILENT_MS = 10_000

const stateName = 'the state database'

interface Clock {
  readonly name: string
  read(): Promise<Date | null>
}

/**
 * What does not answer is not compared: another check says so.
 * @throws PonteError `doctor.clock_wrong`: so far from the state database's that no worker works here
 */
export async function compareClocks(
  settings: Settings,
  { erpUrl, state }: { readonly erpUrl: string; readonly state: pg.Pool | null },
  closer: Closer,
): Promise<{ detail: string; hint?: string }> {
  const erp = await openErp({ url: erpUrl })
  closer.add(() => erp.close())
  const clocks: Clock[] = [
    ...(state === null ? [] : [{ name: stateName, read: () => stateClock(state) }]),
    { name: 'the ERP', read: () => erp.clock() },
    ...(settings.crm === null ? [] : [{ name: 'the CRM', read: () => dateOf(settings.crm!.url) }]),
  ]
  const read = await Promise.all(clocks.map(async ({ name, read: ask }) => ({ name, off: await offOf(ask) })))
  const wrong = read.flatMap(({ name, off }) =>
    off === null || Math.abs(off) <= CLOSE_MS ? [] : [`${name} is ${duration(Math.abs(off))} ${off > 0 ? 'ahead' : 'behind'}`],
  )
  const right = read.filter(({ off }) => off !== null && Math.abs(off) <= CLOSE_MS).map(({ name }) => name)
  if (wrong.length === 0)
    return { detail: right.length > 0 ? `this machine agrees with ${right.join(', ')}` : 'none answers to be compared with' }
  const detail = `beside this machine, ${wrong.join(', ')}`
  const hint = 'Set the clocks (NTP: timedatectl, chronyc tracking)'
  const common = read.find(({ name }) => name === stateName)?.off ?? 0
  if (Math.abs(common) > CLOCK_MS) throw new PonteError('doctor.clock_wrong', `${detail}: no job runs here by itself`, { hint })
  return { detail, hint: `${hint}.` }
}

/** By how much a clock is ahead of ours, ms; what asking took is nobody's error. null: no answer. */
async function offOf(read: Clock['read']): Promise<number | null> {
  const before = Date.now()
  const theirs = (await read().catch(() => null))?.getTime() ?? null
  const after = Date.now()
  if (theirs === null) return null
  return theirs < before ? theirs - before : Math.max(0, theirs - after)
}

/** Any answer has it, a refusal too. */
async function dateOf(url: string): Promise<Date | null> {
  const answer = await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(SILENT_MS) })
  const date = answer.headers.get('date')
  return date === null ? null : new Date(date)
}
