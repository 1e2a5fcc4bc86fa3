import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { buildConnector, type Dispatcher, Pool } from 'undici'
import { httpText } from '../../base/charset.ts'
import { harmlessCause } from './errors.ts'
import { parseBase, parseToken } from './spotter/address.ts'

export interface HttpOptions {
  /** Ends with or without `/`; http or https, no user name or password inside. */
  readonly baseUrl: string
  readonly token: string
  readonly connectTimeoutMs: number
  /** Sockets kept; the caller sends no more requests than this at a time. */
  readonly connections: number
  /** Larger answers are cut off and count as unreadable. */
  readonly maxBodyBytes: number
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Relative to the base, with its query, already percent-encoded. */
  readonly path: string
  readonly body?: string | undefined
  /** Milliseconds for everything: connect, send, wait, read. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Asked at the last instant before the first byte: `false` means "do not send any more" and gives `stale`. */
  readonly mayStart?: (() => boolean) | undefined
}

/**
 * What became of one request. `written` says whether a byte may have reached the CRM: only then can it have done anything.
 * `stale`: `mayStart` said no, nothing was written.
 */
export type Exchange =
  /** `body` null: no text that can be relied on, because of its charset or its compression. */
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfter: string | null; readonly body: string | null }
  | { readonly kind: 'stale' }
  | { readonly kind: 'broken'; readonly written: boolean; readonly reason: string; readonly cause: Error }

export interface Http {
  /** Never rejects, except with the reason of an aborted `signal`. */
  exchange(request: HttpRequest): Promise<Exchange>
  /** Lets running requests end, then closes the sockets. May be called again. */
  close(): Promise<void>
}

/**
 * One HTTP/1.1 request at a time per socket, no redirects followed, no retries: policy lives above. undici is used through
 * its dispatch interface because only there one learns whether a request was ever written (`onRequestStart`).
 *
 * @throws PonteError `crm.bad_url` | `crm.bad_token`
 */
export function openHttp(options: HttpOptions): Http {
  const base = parseBase(options.baseUrl)
  const token = parseToken(options.token)
  const pool = new Pool(base.origin, {
    connections: options.connections,
    pipelining: 1,
    connect: resettingConnector(options.connectTimeoutMs),
    // One deadline per request covers these.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  let closing: Promise<void> | null = null
  return {
    exchange: (request) => exchange(pool, base.pathname, token, options.maxBodyBytes, request),
    close() {
      closing ??= pool.close()
      return closing
    },
  }
}

/**
 * Sockets that are reset when they are closed. The kernel goes on sending what it took from us after an ordinary close, for minutes when
 * packets get lost: a create that was given up would arrive after it was looked for and made again.
 */
function resettingConnector(timeout: number): buildConnector.connector {
  const connect = buildConnector({ timeout })
  return (options, callback) => {
    const isTls = options.protocol === 'https:'
    connect({ ...options, protocol: 'http:', port: options.port || (isTls ? '443' : '80') }, (error, socket) => {
      if (error !== null) return callback(error, null)
      resetWhenDestroyed(socket)
      // TLS destroys the socket beneath it when it is destroyed.
      if (isTls) connect({ ...options, httpSocket: socket }, callback)
      else callback(null, socket)
    })
  }
}

function resetWhenDestroyed(socket: Socket): void {
  const { destroy } = socket
  socket.destroy = (error) => {
    socket.destroy = destroy
    if (!socket.destroyed) socket.resetAndDestroy()
    return socket.destroy(error)
  }
}

function exchange(pool: Pool, basePath: string, token: string, maxBodyBytes: number, request: HttpRequest): Promise<Exchange> {
  const { promise, resolve, reject } = deferred<Exchange>()
  let controller: Dispatcher.DispatchController | null = null
  let written = false
  let settled = false
  let status = 0
  let headers: IncomingHttpHeaders = {}
  let size = 0
  const chunks: Buffer[] = []

  const timer = setTimeout(() => broken('no complete answer in time', new Error(`deadline of ${request.timeoutMs} ms`)), request.timeoutMs)
  const onAbort = () => settle(() => reject(request.signal?.reason))
  request.signal?.addEventListener('abort', onAbort, { once: true })

  function settle(finish: () => void): void {
    if (settled) return
    settled = true
    clearTimeout(timer)
    request.signal?.removeEventListener('abort', onAbort)
    finish()
    // After the outcome is fixed: the error that this causes must not change it.
    if (controller !== null && !controller.aborted) controller.abort(new Error('given up'))
  }
  function broken(reason: string, cause: unknown): void {
    // These say all in their status: a body that breaks off afterwards changes nothing.
    const enough = status === 429 || status === 401 || status === 403
    const outcome: Exchange = enough
      ? { kind: 'answer', status, retryAfter: first(headers['retry-after']), body: '' }
      : { kind: 'broken', written, reason, cause: harmlessCause(cause, token) }
    settle(() => resolve(outcome))
  }

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started
      if (settled) return started.abort(new Error('given up'))
      // undici may start a request again on a new socket: a repeated effect is for the caller to decide.
      if (written) return broken('the connection broke', new Error('second start'))
      if (request.mayStart?.() === false) return settle(() => resolve({ kind: 'stale' }))
      written = true
    },
    onResponseStart(_started, statusCode, received) {
      if (statusCode < 200) return
      status = statusCode
      headers = received
    },
    onResponseData(_started, chunk) {
      size += chunk.length
      if (size > maxBodyBytes) return broken(`the answer is larger than ${maxBodyBytes} bytes`, new Error('answer too large'))
      chunks.push(chunk)
    },
    onResponseEnd() {
      controller = null
      const body = readText(Buffer.concat(chunks), status, headers, maxBodyBytes)
      settle(() => resolve({ kind: 'answer', status, retryAfter: first(headers['retry-after']), body }))
    },
    onResponseError(_started, error) {
      controller = null
      broken(written ? 'the connection broke' : 'no connection', error)
    },
  }

  if (request.signal?.aborted) onAbort()
  else {
    try {
      pool.dispatch(
        { method: request.method, path: basePath + request.path, headers: headersOf(token, request), body: request.body ?? null },
        handler,
      )
    } catch (error) {
      broken('no connection', error)
    }
  }
  return promise
}

const unpack: Record<string, typeof gunzipSync> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
}

/** We ask for no compression; a proxy in between may compress all the same. */
function readText(bytes: Buffer, status: number, headers: IncomingHttpHeaders, maxBytes: number): string | null {
  const encoding = first(headers['content-encoding'])?.trim().toLowerCase() || 'identity'
  try {
    const plain = encoding === 'identity' || bytes.length === 0 ? bytes : unpack[encoding]?.(bytes, { maxOutputLength: maxBytes })
    if (plain === undefined) return null
    // What a refusal says is shown to people and never stored as a value: there a guess is better than nothing.
    return httpText(plain, first(headers['content-type'])) ?? (status >= 400 ? plain.toString('latin1') : null)
  } catch {
    // Damaged, or larger than allowed once unpacked.
    return null
  }
}

const first = (header: string | string[] | undefined): string | null => (Array.isArray(header) ? header[0] : header) ?? null

function headersOf(token: string, request: HttpRequest): Record<string, string> {
  return {
    token_exact: token,
    accept: 'application/json',
    'accept-encoding': 'identity',
    'content-type': 'application/json',
    ...(request.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(request.body)) }),
  }
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (reason: unknown) => void } {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
