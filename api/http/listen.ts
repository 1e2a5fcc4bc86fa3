/** The server around the app: limits against slow and greedy senders, and an orderly end. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { PonteError } from '../../base/error.ts'
import { networks, plainAddress } from './address.ts'
import type { ApiEnv } from './types.ts'

export interface Listening {
  readonly url: string
  /** Stops accepting, lets what is in flight end (for `DRAIN_MS` at most), then resolves. */
  close(): Promise<void>
}

/** A slow sender holds nothing but its connection, and that not for long. */
const limits = { headersTimeout: 10_000, requestTimeout: 20_000, connectionsCheckingInterval: 1_000, keepAliveTimeout: 30_000 }
const MAX_HEADERS = 16 * 1024
const MAX_CONNECTIONS = 4_096
const DRAIN_MS = 25_000

/**
 * @param options port 0: any free one
 * @throws PonteError `api.cannot_listen`: exit code 1 while another program is on that port or the address is not there yet, which may pass; else 2
 */
export async function listen(
  app: OpenAPIHono<ApiEnv>,
  options: { host: string; port: number; trustedProxies: readonly string[] },
): Promise<Listening> {
  const server = createServer(
    { ...limits, maxHeaderSize: MAX_HEADERS },
    getRequestListener(app.fetch, { errorHandler: () => badRequest() }),
  )
  server.maxConnections = MAX_CONNECTIONS
  server.on('connection', oneAddressOfMany(networks(options.trustedProxies)))
  server.on('clientError', refuse)
  await start(server, options.host, options.port)
  const { address, family, port } = server.address() as AddressInfo
  return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`, close: () => drain(server) }
}

const mayPass = new Set(['EADDRINUSE', 'EADDRNOTAVAIL'])

function start(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const { code = '' } = cause as NodeJS.ErrnoException
      reject(
        new PonteError('api.cannot_listen', `cannot listen on ${host} port ${port} (${code})`, {
          hint: 'name an address of this machine and a free port: HOST, PORT and UI_PORT, for a worker METRICS_HOST and METRICS_PORT; ss -ltnp shows who has it',
          cause,
          exitCode: mayPass.has(code) ? 1 : 2,
        }),
      )
    })
    server.listen(port, host, resolve)
  })
}

async function drain(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const until = performance.now() + DRAIN_MS
  let open = true
  void closed.then(() => {
    open = false
  })
  while (open) {
    // A kept-alive connection becomes idle when its request has been answered.
    server.closeIdleConnections()
    if (performance.now() > until) server.closeAllConnections()
    await Promise.race([closed, sleep(50)])
  }
}

/** No single address, a trusted proxy apart, may hold more than half of the connections. */
function oneAddressOfMany(trusted: (address: string) => boolean): (socket: Socket) => void {
  const open = new Map<string, number>()
  return (socket) => {
    const address = plainAddress(socket.remoteAddress ?? '')
    if (address === '' || trusted(address)) return
    const count = (open.get(address) ?? 0) + 1
    open.set(address, count)
    socket.once('close', () => {
      const left = open.get(address)! - 1
      if (left === 0) open.delete(address)
      else open.set(address, left)
    })
    if (count > MAX_CONNECTIONS / 2) socket.destroy()
  }
}

/** What the HTTP parser refuses never becomes a request; it is told in the same form. */
function refuse(error: NodeJS.ErrnoException, socket: { writable: boolean; end(text: string): unknown; destroy(): unknown }): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [status, code, message] = parserAnswers[error.code ?? ''] ?? parserAnswers.other!
  const body = JSON.stringify({ code, message })
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

const parserAnswers: Readonly<Record<string, readonly [status: string, code: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'HEADERS_TOO_LARGE', 'The headers are larger than 16 KiB.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'REQUEST_TIMEOUT', 'The request came too slowly.'],
  other: ['400 Bad Request', 'INVALID_PAYLOAD', 'This is not a valid HTTP request.'],
}

const badRequest = (): Response => Response.json({ code: 'INVALID_PAYLOAD', message: 'This is not a valid HTTP request.' }, { status: 400 })
