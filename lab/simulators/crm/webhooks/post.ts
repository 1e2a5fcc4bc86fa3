import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'

export interface Post {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The connection is cut in the middle of the body. */
  readonly cut: boolean
  /** For everything: connect, send, wait. */
  readonly timeoutMs: number
}

/** `gone`: 410, the receiver wants no more of these. `refused`: any other answer that is not 2xx, redirects too, or none; `afterMs` by its Retry-After. */
export type Outcome = { readonly kind: 'delivered' | 'gone' } | { readonly kind: 'refused'; readonly afterMs: number }

export interface Poster {
  /** Never rejects. */
  post(post: Post): Promise<Outcome>
  /** Cuts what is in flight. */
  close(): void
}

/** Makes the POST requests of webhooks. Redirects are not followed (Standard Webhooks 1.0.0). */
export function createPoster(): Poster {
  const agent = new Agent()
  return {
    async post({ url, headers, body, cut, timeoutMs }) {
      try {
        const length = String(Buffer.byteLength(body))
        const answer = await request(url, {
          method: 'POST',
          headers: { ...headers, 'content-length': length },
          body: cut ? Readable.from(halfOf(body)) : body,
          dispatcher: agent,
          signal: AbortSignal.timeout(timeoutMs),
        })
        // The status alone decides; the rest is read so that the connection can serve again.
        await answer.body.dump().catch(() => {})
        if (answer.statusCode >= 200 && answer.statusCode < 300) return { kind: 'delivered' }
        if (answer.statusCode === 410) return { kind: 'gone' }
        return { kind: 'refused', afterMs: retryAfterMs(answer.headers['retry-after'], Date.now()) }
      } catch {
        return { kind: 'refused', afterMs: 0 }
      }
    },
    close() {
      void agent.destroy()
    },
  }
}

/** Half of the body in bytes, then an error, upon which undici destroys the socket. */
async function* halfOf(body: string): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(body)
  yield bytes.subarray(0, Math.floor(bytes.length / 2))
  // Long enough for the half to be on its way.
  await sleep(20)
  throw new Error('cut in the middle of the body')
}

/** Milliseconds to wait by a Retry-After in seconds or as a date (RFC 9110 10.2.3), at most a day; 0 when it says nothing. */
export function retryAfterMs(header: string | string[] | undefined, now: number): number {
  if (typeof header !== 'string') return 0
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : / GMT$/.test(header) ? Date.parse(header) - now : 0
  return ms > 0 ? Math.min(ms, 86_400_000) : 0
}
