/**
 * The load, in a process of its own: autocannon at a URL. Every request is another signed event, made before the clock starts, so
 * that the load costs little while it is measured. Argument: JSON, see `Load`. Last line: JSON, see `Result`.
 */
import autocannon from 'autocannon'
import { signedEvent } from './events.ts'

export interface Load {
  readonly url: string
  readonly path: string
  readonly connections: number
  /** Of each connection. */
  readonly requests: number
  readonly token: string
  readonly secret: string
  /** Its lead and those that follow were never sent before. */
  readonly firstLead: number
}

export interface Result {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly answered: number
  readonly refused: number
}

const { url, path, connections, requests, token, secret, firstLead } = JSON.parse(process.argv[2]!) as Load
let next = firstLead
const lists = Array.from({ length: connections }, () =>
  Array.from({ length: requests }, () => ({ method: 'POST' as const, path, ...signedEvent(next, `msg_${next++}`, token, secret) })),
)
let first = 0
let last = 0
const run = autocannon({
  url,
  connections,
  amount: connections * requests,
  setupClient: (client) => client.setRequests(lists.pop()!),
})
run.on('response', () => {
  last = performance.now()
  if (first === 0) first = last
})
const result = await run
const answer: Result = {
  perSecond: (result['2xx'] / (last - first)) * 1000,
  p50: result.latency.p50,
  p99: result.latency.p99,
  answered: result['2xx'],
  refused: result.non2xx + result.errors,
}
console.log(JSON.stringify(answer))
