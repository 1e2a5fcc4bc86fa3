import type { CrmSimulator } from '../simulator.ts'

/** What the simulator says of itself when it starts: what it is, and what it does not prove. */
export function startLine({ url, controlUrl, seed }: Pick<CrmSimulator, 'url' | 'controlUrl' | 'seed'>): string {
  return (
    `CRM simulator (not Exact Spotter, calls nobody but the receiver of its webhooks) at ${url}, control at ${controlUrl}, seed ${seed}. ` +
    'It follows published client reports; it does not prove how the real CRM answers.'
  )
}
