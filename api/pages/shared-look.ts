/** One look for all who ask at the same time, and for those who come soon after: ten open pages cost what one costs. */

/**
 * @param look what is expensive
 * @param ttlMs how old its result may be; a look that took long is also kept as long as it took
 * @returns the same, shared. A failure is not kept
 */
export function sharedLook<T>(look: () => Promise<T>, ttlMs: number): () => Promise<T> {
  let looking: Promise<T> | null = null
  let until = Number.NEGATIVE_INFINITY
  let last: T
  return () => {
    if (performance.now() < until) return Promise.resolve(last)
    looking ??= run().finally(() => {
      looking = null
    })
    return looking
  }
  async function run(): Promise<T> {
    const began = performance.now()
    last = await look()
    const ended = performance.now()
    until = ended + Math.max(ttlMs, ended - began)
    return last
  }
}
