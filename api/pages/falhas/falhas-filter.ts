/** What of falhas is looked at: in the address of the list, and in the form that requeues many. */
import type { DeadFilter } from '../../../operations/find-dead.ts'

/** No tax id among them: an address is kept in histories and logs of proxies. The search page has it. */
const names = ['lane', 'prefix', 'code', 'text'] as const

/** What is empty filters nothing. */
export function filterOf(sent: Readonly<Record<string, unknown>>): DeadFilter {
  return Object.fromEntries(names.flatMap((name) => (typeof sent[name] === 'string' && sent[name] !== '' ? [[name, sent[name]]] : [])))
}
