import { seededRandom } from '../random.ts'
import type { FaultName, Faults } from './fault-settings.ts'
import { failureWire, jsonWire, tooManyWire, type Wire } from './wire.ts'

/** What will happen to one request. */
export interface Plan {
  readonly waitMs: number
  /** Before the effect: cut the connection, or answer this. */
  readonly before: 'cut' | Wire | null
  /** After the effect. */
  readonly after: 'cut' | 'garble' | Wire | null
  readonly lateMs: number
  readonly ignoreFilter: boolean
  /** Rows by which a later page of a list starts early (below 0) or late. */
  readonly drift: { readonly rows: number; readonly evenOrdered: boolean }
}

export interface FaultPlanner {
  /** `name`: the path's name in lower case. */
  plan(method: string, name: string): Plan
  /** Settings with the hits that are left, and how often each fault has struck. */
  report(): { readonly settings: Faults; readonly struck: Readonly<Record<string, number>> }
}

/** Decides by a seeded sequence per fault: the n-th matching request of a fault meets the same fate in every run. */
export function createFaultPlanner(settings: Faults, seed: number, now: () => number = Date.now): FaultPlanner {
  const left = new Map(Object.entries(settings).map(([name, found]) => [name, found?.times ?? null]))
  const struck: Record<string, number> = {}
  const random = new Map(Object.keys(settings).map((name) => [name, seededRandom(seed, name)]))
  const details = seededRandom(seed, 'details')

  /** The fault's settings when it strikes this request, else null. */
  function strike<Name extends FaultName>(faultName: Name, method: string, name: string): NonNullable<Faults[Name]> | null {
    const found = settings[faultName]
    if (!found || left.get(faultName) === 0 || !covers(found, method, name)) return null
    if (random.get(faultName)!() >= found.share) return null
    const remaining = left.get(faultName)
    if (typeof remaining === 'number') left.set(faultName, remaining - 1)
    struck[faultName] = (struck[faultName] ?? 0) + 1
    return found as NonNullable<Faults[Name]>
  }

  function before(method: string, name: string): Plan['before'] {
    if (strike('connectionsReset', method, name)) return 'cut'
    const storm = strike('storm429', method, name)
    if (storm) return tooManyWire(storm.seconds * 1000, storm.retryAfter, storm.answer, now())
    const errors = settings.errors5xx?.after === false ? strike('errors5xx', method, name) : null
    if (errors) return failureWire(errors.statuses[Math.floor(details() * errors.statuses.length)]!)
    return strike('errors400', method, name)
      ? jsonWire({ status: 400, body: { error: { code: '', message: 'An error has occurred.' } } })
      : null
  }

  function after(method: string, name: string): Plan['after'] {
    if (strike('answersLost', method, name)) return 'cut'
    const errors = settings.errors5xx?.after ? strike('errors5xx', method, name) : null
    if (errors) return failureWire(errors.statuses[Math.floor(details() * errors.statuses.length)]!)
    return strike('malformedJson', method, name) ? 'garble' : null
  }

  function drift(method: string, name: string): Plan['drift'] {
    const found = strike('pageDrift', method, name)
    if (!found) return steady
    const rows = 1 + Math.floor(details() * found.rows)
    return { rows: details() < 0.5 ? -rows : rows, evenOrdered: found.evenOrdered }
  }

  return {
    plan(method, name) {
      const waitMs = (strike('delayMs', method, name)?.ms ?? 0) + (strike('stallMs', method, name)?.ms ?? 0)
      const first = before(method, name)
      if (first !== null) return { ...untouched, waitMs, before: first }
      return {
        waitMs,
        before: null,
        ignoreFilter: strike('ignoreFilter', method, name) !== null,
        drift: drift(method, name),
        after: after(method, name),
        lateMs: strike('replyLate', method, name)?.ms ?? 0,
      }
    },
    report() {
      const settingsLeft = Object.fromEntries(Object.entries(settings).map(([name, found]) => [name, { ...found, times: left.get(name) }]))
      return { settings: settingsLeft as Faults, struck: { ...struck } }
    },
  }
}

const steady: Plan['drift'] = { rows: 0, evenOrdered: false }
export const untouched: Plan = { waitMs: 0, before: null, after: null, lateMs: 0, ignoreFilter: false, drift: steady }

function covers(
  { paths, methods }: { paths: readonly string[] | null; methods: readonly string[] | null },
  method: string,
  name: string,
): boolean {
  if (paths !== null && !paths.some((path) => path.toLowerCase() === name)) return false
  return methods === null || methods.some((wanted) => wanted.toUpperCase() === method)
}
