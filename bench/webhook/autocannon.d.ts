/** The part of autocannon (which brings no types) that the bench uses. */
declare module 'autocannon' {
  interface Options {
    readonly url: string
    readonly connections: number
    readonly duration: number
    readonly method: 'POST'
    readonly body?: string
    readonly requests?: readonly { readonly setupRequest: (request: object) => object }[]
  }
  interface Outcome {
    readonly duration: number
    readonly '2xx': number
    readonly non2xx: number
    readonly errors: number
    readonly latency: { readonly p50: number; readonly p99: number }
  }
  export default function autocannon(options: Options): Promise<Outcome>
}
