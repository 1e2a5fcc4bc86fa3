/** The load, in a process of its own: autocannon at a URL. Argument: JSON, see `Load`. Last line: JSON, see `Result`. */
import autocannon from 'autocannon'
import { signedEvent } from './events.ts'

export interface Load {
  readonly url: string
  readonly seconds: number
  readonly connections: number
  /** null: a plain POST. Else every request is another signed event, its lead counted from `firstLead`. */
  readonly events: { readonly token: string; readonly secret: string; readonly firstLead: number } | null
}

export interface Result {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly answered: number
  readonly refused: number
}

const { url, seconds, connections, events } = JSON.parse(process.argv[2]!) as Load
let next = events?.firstLead ?? 0
const result = await autocannon({
  url,
  connections,
  duration: seconds,
  method: 'POST',
  ...(events === null
    ? { body: '{"hello":"world"}' }
    : {
        requests: [
          {
            setupRequest: (request: object) => ({ ...request, ...signedEvent(next, `msg_${next++}`, events.token, events.secret) }),
          },
        ],
      }),
})
const answer: Result = {
  perSecond: result['2xx'] / result.duration,
  p50: result.latency.p50,
  p99: result.latency.p99,
  answered: result['2xx'],
  refused: result.non2xx + result.errors,
}
console.log(JSON.stringify(answer))
