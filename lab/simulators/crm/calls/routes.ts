import type { Handler } from './call.ts'
import { leadSet } from './lead-set.ts'
import { addLead, updateLead } from './leads.ts'
import { addPerson, updatePerson } from './persons.ts'
import { list, listOfLead } from './reads.ts'
import { addProducts, qualifyLead, removeProduct, winLead } from './sales.ts'
import { customFieldSet, industrySet, leadValueSet, personSet, productSet, saleSet } from './sets.ts'

/** Method and path, in lower case: the CRM takes any case. `/#` stands for an id. */
const routes: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['GET leads', list(leadSet)],
  ['POST leadsadd', addLead],
  ['PUT leadsupdate/#', updateLead],
  ['GET persons', list(personSet)],
  ['GET persons/#', listOfLead(personSet)],
  ['POST personsadd', addPerson],
  ['PUT personsupdate/#', updatePerson],
  ['POST leadswon', winLead],
  ['GET leadssold', list(saleSet)],
  ['POST leadsqualification', qualifyLead],
  ['GET recommendedproducts', list(productSet)],
  ['GET recommendedproducts/#', listOfLead(productSet)],
  ['POST recommendedproductsadd', addProducts],
  ['DELETE recommendedproductsremove/#', removeProduct],
  ['GET customfields', list(customFieldSet)],
  ['GET leadscustomfields', list(leadValueSet)],
  ['GET industries', list(industrySet)],
])

export interface Target {
  /** `LeadsUpdate`-like name in lower case, whatever base path stood before it; empty when there is none. */
  readonly name: string
  readonly id: number
  /** What stood before the name: `/v3`, or empty. */
  readonly base: string
  /** Undefined: the CRM answers 404. */
  readonly handler: Handler | undefined
}

/** Finds who answers `PUT /any/base/LeadsUpdate/12`. `path` has no query. */
export function findTarget(method: string, path: string): Target {
  const segments = path.split('/').filter((segment) => segment !== '')
  const last = segments.at(-1)?.toLowerCase() ?? ''
  const numbered = /^\d{1,10}$/.test(last)
  const name = numbered ? (segments.at(-2)?.toLowerCase() ?? '') : last
  const base = segments.slice(0, numbered ? -2 : -1).map((segment) => `/${segment}`)
  return { name, id: numbered ? Number(last) : 0, base: base.join(''), handler: routes.get(`${method} ${name}${numbered ? '/#' : ''}`) }
}
