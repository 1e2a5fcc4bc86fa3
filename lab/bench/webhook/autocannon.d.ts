/** The part of autocannon (which brings no types) that the bench uses. */
declare module 'autocannon' {
  interface Request {
    readonly method: 'POST'
    readonly path: string
    readonly body: string
    readonly headers: Readonly<Record<string, string>>
  }
  interface Options {
    readonly url: string
    readonly connections: number
    readonly amount: number
    readonly setupClient: (client: { setRequests(requests: readonly Request[]): void }) => void
  }
  interface Outcome {
    readonly '2xx': number
    readonly non2xx: number
    readonly errors: number
    readonly latency: { readonly p50: number; readonly p99: number }
  }
  interface Run extends Promise<Outcome> {
    on(event: 'response', listener: () => void): void
  }
  export default function autocannon(options: Options): Run
}
