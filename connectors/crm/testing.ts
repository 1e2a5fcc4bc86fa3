/** A server that misbehaves exactly as told, for tests of the client; it knows nothing of the CRM's rules (lab/simulators/crm does). */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/**
 * reply:     status, headers and a body; bytes are sent as they are, any other object as JSON
 * drop:      reads the whole request, then resets the connection without a byte
 * reset:     resets when the headers are in, the body unread
 * cut:       promises `length` bytes (default: twice the body), sends `body`, then closes
 * stall:     takes the request and stays silent
 * trickle:   sends the headers, then one byte of the body at a time
 */
export type Step =
  | {
      readonly do: 'reply'
      readonly status: number
      readonly body?: unknown
      readonly headers?: Record<string, string>
      readonly delayMs?: number
    }
  | { readonly do: 'drop' | 'reset' | 'stall' }
  | {
      readonly do: 'cut'
      readonly status: number
      readonly body: string
      readonly length?: number
      readonly headers?: Record<string, string>
    }
  | { readonly do: 'trickle'; readonly status: number; readonly body: string; readonly everyMs: number }

export interface Seen {
  readonly method: string
  /** Path and query below the base, decoded. */
  readonly path: string
  readonly token: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** performance.now() of the arrival of the headers. */
  readonly at: number
}

export interface ScriptedServer {
  readonly baseUrl: string
  readonly seen: readonly Seen[]
  readonly origin: string
  close(): Promise<void>
}

/** @param script one step per request in order of arrival, the last one for all that follow; or a function of the request */
export async function scriptedServer(script: readonly Step[] | ((seen: Seen, index: number) => Step)): Promise<ScriptedServer> {
  const seen: Seen[] = []
  const sockets = new Set<Socket>()
  const stepFor = (request: Seen, index: number): Step =>
    typeof script === 'function' ? script(request, index) : (script[Math.min(index, script.length - 1)] ?? { do: 'stall' })

  const server = createServer((request, response) => {
    const at = performance.now()
    const chunks: Buffer[] = []
    const entry = (body: string): Seen => ({
      method: request.method ?? '',
      path: decodeURIComponent((request.url ?? '').replace(/^\/v3\//, '')),
      token: request.headers.token_exact as string | undefined,
      headers: request.headers,
      body,
      at,
    })
    const index = seen.length
    seen.push(entry(''))
    const early = typeof script === 'function' ? undefined : stepFor(entry(''), index)
    if (early?.do === 'reset') return void request.socket.resetAndDestroy()
    request.on('error', () => undefined)
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const whole = entry(Buffer.concat(chunks).toString('utf8'))
      seen[index] = whole
      perform(stepFor(whole, index), request, response)
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    baseUrl: `${origin}/v3/`,
    seen,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

function perform(step: Step, request: IncomingMessage, response: ServerResponse): void {
  switch (step.do) {
    case 'stall':
      return
    case 'drop':
    case 'reset':
      request.socket.resetAndDestroy()
      return
    case 'cut': {
      response.writeHead(step.status, { 'content-length': String(step.length ?? step.body.length * 2), ...step.headers })
      response.write(step.body, () => request.socket.destroy())
      return
    }
    case 'trickle': {
      response.writeHead(step.status, { 'content-length': String(Buffer.byteLength(step.body)) })
      let sent = 0
      const timer = setInterval(() => {
        if (sent >= step.body.length || response.destroyed) clearInterval(timer)
        else response.write(step.body[sent++])
      }, step.everyMs)
      return
    }
    case 'reply':
      setTimeout(() => {
        const isText = typeof step.body === 'string'
        const raw = isText || Buffer.isBuffer(step.body)
        const body = step.body === undefined ? '' : raw ? (step.body as string | Buffer) : JSON.stringify(step.body)
        response.writeHead(step.status, { 'content-type': isText ? 'text/html' : 'application/json', ...step.headers })
        response.end(body)
      }, step.delayMs ?? 0)
  }
}
