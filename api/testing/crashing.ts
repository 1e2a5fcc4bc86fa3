/**
 * A context whose process "dies" at the n-th call that leaves it: that call happens or not, its answer never arrives, and nothing is
 * answered after it. What runs then ends with errors only, as a killed process ends with nothing.
 */
import type { Context } from '../../jobs/context.ts'

export interface Crashing {
  readonly context: Context
  /** True once the n-th call came. */
  crashed(): boolean
}

/** @param at which call, from 1 @param after the call's effect still happens */
export function crashing(context: Context, at: number, after: boolean): Crashing {
  let calls = 0
  let dead = false
  const crash = () => Object.assign(new Error('the process is dead'), { code: 'ECRASH' })
  const guarded = async (call: () => unknown): Promise<unknown> => {
    if (dead) throw crash()
    if (++calls === at) {
      dead = true
      if (after) await Promise.resolve(call()).catch(() => {})
      throw crash()
    }
    const answer = await call()
    if (dead) throw crash()
    return answer
  }
  /** @param left what answers at once, or bit by bit: it is not guarded */
  const wrap = <T extends object>(target: T, left: readonly string[] = []): T =>
    new Proxy(target, {
      get(of, name) {
        const value = Reflect.get(of, name) as unknown
        if (typeof value !== 'function') return value
        if (typeof name !== 'string' || left.includes(name)) return value.bind(of)
        return (...args: unknown[]) => guarded(() => value.apply(of, args))
      },
    })
  const state = new Proxy(context.state, {
    get(of, name) {
      if (name === 'query') return (...args: unknown[]) => guarded(() => (of.query as (...all: unknown[]) => unknown)(...args))
      if (name === 'connect') return async () => wrap(await of.connect(), ['on', 'removeListener', 'release'])
      const value = Reflect.get(of, name) as unknown
      return typeof value === 'function' ? value.bind(of) : value
    },
  })
  const crm = wrap(context.crm, ['leads', 'leadsUpdatedSince'])
  const lane = (name: 'leads' | 'contacts') => wrap(context.lanes[name], ['claims', 'deadLetters', 'stage'])
  return {
    context: {
      ...context,
      erp: wrap(context.erp, ['mirroredStages']),
      crm,
      inboundCrm: crm,
      state,
      lanes: { leads: lane('leads'), contacts: lane('contacts') },
    },
    crashed: () => dead,
  }
}
