/**
 * CoreIntegrator's "CRM Endpoint (Simulated)": takes customers under an idempotency key, remembers each key, fails on demand.
 *
 *   POST /customers   201 {id} | 200 the same again | 400 | 415 | 422 | 500 | 503
 *   GET  /customers   what it holds      GET /effects   what it did, in order      GET /health
 *   PUT  /faults      see faults.ts
 *
 * A simulator: it proves how CoreIntegrator behaves towards such an API, not how a real CRM answers.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { PonteError } from '../../../base/error.ts'
import { type CustomerBody, type Effect, openEffects } from './effects.ts'
import { type FaultsInput, faultsSchema } from './faults.ts'

export interface CustomerCrmSimulator {
  /** Where customers are posted to. */
  readonly url: string
  readonly effects: readonly Effect[]
  /** Calls of POST /customers, answered or not. */
  readonly calls: () => number
  setFaults(faults: FaultsInput): void
  close(): Promise<void>
}

const MAX_BODY = 64 * 1024
const customer = z.strictObject({
  customerId: z.int(),
  name: z.string().min(1).max(100),
  phone: z.string().max(20).nullable(),
})

type Reply = { readonly status: number; readonly body: unknown } | 'cut off'

/** @param options.file its effect log; without one it forgets everything when it ends. `random` from 0 up to 1 */
export async function startCustomerCrm(
  options: { host?: string; port?: number; file?: string | null; faults?: FaultsInput; random?: () => number } = {},
): Promise<CustomerCrmSimulator> {
  const effects = openEffects(options.file ?? null)
  const random = options.random ?? Math.random
  let faults = faultsSchema.parse(options.faults ?? {})
  let calls = 0

  const post = async (request: IncomingMessage): Promise<Reply> => {
    calls += 1
    const text = await bodyOf(request)
    if (faults.delayMs > 0) await sleep(faults.delayMs)
    if (faults.down) return { status: 503, body: { error: 'down' } }
    if (random() < faults.failureRate) return { status: 500, body: { error: 'simulated failure' } }
    const reply = take(request, text)
    return reply.status < 300 && random() < faults.lostAnswers ? 'cut off' : reply
  }

  const take = (request: IncomingMessage, text: string | null): { status: number; body: unknown } => {
    const key = request.headers['idempotency-key']
    if (typeof key !== 'string' || key === '') return { status: 400, body: { error: 'Idempotency-Key is missing' } }
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return { status: 415, body: { error: 'not JSON' } }
    const parsed = customer.safeParse(jsonOf(text))
    if (!parsed.success) return { status: 422, body: { error: 'not a customer' } }
    if (faults.refuse.includes(parsed.data.customerId)) return { status: 422, body: { error: 'refused' } }
    const known = effects.byKey(key)
    if (known !== undefined && !isSame(known.body, parsed.data)) return { status: 422, body: { error: 'the key stands for another body' } }
    const { seq } = known ?? effects.add(key, parsed.data)
    return { status: known === undefined ? 201 : 200, body: { id: parsed.data.customerId, effect: seq } }
  }

  const answer = async (request: IncomingMessage): Promise<Reply> => {
    const path = new URL(request.url ?? '/', 'http://simulator').pathname
    switch (`${request.method} ${path}`) {
      case 'POST /customers':
        return post(request)
      case 'GET /customers':
        return { status: 200, body: [...new Map(effects.all.map(({ body }) => [body.customerId, body])).values()] }
      case 'GET /effects':
        return { status: 200, body: effects.all }
      case 'GET /health':
        return { status: 200, body: { status: 'UP', simulator: true } }
      case 'PUT /faults': {
        const parsed = faultsSchema.safeParse(jsonOf(await bodyOf(request)))
        if (parsed.success) faults = parsed.data
        return parsed.success ? { status: 200, body: faults } : { status: 400, body: { error: 'no such faults' } }
      }
      default:
        return { status: 404, body: { error: 'no such path' } }
    }
  }

  const server = createServer((request, response) => void answer(request).then((reply) => send(response, reply)))
  const url = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0)
  return {
    url: `${url}/customers`,
    effects: effects.all,
    calls: () => calls,
    setFaults(given) {
      faults = faultsSchema.parse(given)
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
      effects.close()
    },
  }
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply === 'cut off') response.destroy()
  else response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body))
}

/** null: too long, or the caller hung up. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size <= MAX_BODY) chunks.push(chunk)
    }
  } catch {
    return null
  }
  return size > MAX_BODY ? null : Buffer.concat(chunks).toString('utf8')
}

function jsonOf(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}

const isSame = (one: CustomerBody, other: CustomerBody): boolean =>
  one.customerId === other.customerId && one.name === other.name && one.phone === other.phone

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const refused = (cause: NodeJS.ErrnoException) =>
      reject(
        new PonteError('simulators.cannot_listen', `the simulated CRM cannot listen on ${host} port ${port} (${cause.code})`, {
          hint: 'name another port with --port; 0 takes any that is free',
          cause,
          exitCode: 2,
        }),
      )
    server.once('error', refused)
    // A port that does not exist is refused at once, in another way than one that is taken.
    if (port > 65_535) return refused(Object.assign(new Error('no such port'), { code: 'ERR_SOCKET_BAD_PORT' }))
    server.listen(port, host, () => {
      const address = server.address() as AddressInfo
      resolve(`http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`)
    })
  })
}
