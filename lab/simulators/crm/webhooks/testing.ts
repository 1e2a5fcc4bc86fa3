import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readBody } from '../http/body.ts'
import { type Running, withSimulator } from '../testing.ts'
import type { WebhooksInput } from './settings.ts'

/** One POST as the receiver saw it. */
export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly raw: string
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into bodies whose form is what it tests
  readonly json: any
  /** Monotonic milliseconds. */
  readonly at: number
}

export interface Receiver {
  readonly url: string
  /** Whole requests in order of arrival, whatever they were answered. */
  readonly received: Received[]
  /** Requests whose connection broke off in the middle of the body. */
  readonly broken: () => number
  /** How to answer from now on; 200 otherwise. */
  answer(how: (request: Received, response: ServerResponse) => void): void
}

/** A receiver of webhooks: a real HTTP server. */
export async function withReceiver<Result>(use: (receiver: Receiver) => Promise<Result>): Promise<Result> {
  const received: Received[] = []
  let broken = 0
  let how: (request: Received, response: ServerResponse) => void = (_request, response) => void response.end()
  const server = createServer(async (request, response) => {
    response.on('error', () => {})
    const body = await readBody(request, 1_048_576)
    if (body === null || body === 'too-long' || !request.complete) {
      broken += 1
      return
    }
    const raw = body.toString('utf8')
    const { url = '', headers } = request
    const one: Received = { path: url, headers, raw, json: JSON.parse(raw), at: performance.now() }
    received.push(one)
    how(one, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await use({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      received,
      broken: () => broken,
      answer(given) {
        how = given
      },
    })
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

export interface Wired extends Running {
  readonly receiver: Receiver
  /** New settings for the same receiver, quick enough for tests. */
  use(settings?: Partial<WebhooksInput>): void
}

/** A simulator that sends its webhooks to a receiver. */
export function withWebhooks<Result>(settings: Partial<WebhooksInput>, use: (wired: Wired) => Promise<Result>, seed = 1): Promise<Result> {
  return withReceiver((receiver) => {
    const quick = (given: Partial<WebhooksInput>): WebhooksInput => ({ baseUrl: receiver.url, baseMs: 5, ...given })
    return withSimulator({ webhooks: quick(settings), seed }, (running) =>
      use({ ...running, receiver, use: (given = {}) => running.crm.setWebhooks(quick(given)) }),
    )
  })
}
