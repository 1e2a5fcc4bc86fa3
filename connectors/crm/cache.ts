/**
 * Remembers one value for a while; callers that come while it is being fetched share that fetch. A failed fetch is not
 * remembered: each of its callers gets the error and the next one tries again.
 *
 * @param monotonic milliseconds
 */
export function cached<T>(ttlMs: number, monotonic: () => number, fetch: () => Promise<T>): () => Promise<T> {
  let value: { readonly promise: Promise<T>; readonly since: number } | null = null
  return () => {
    if (value !== null && monotonic() - value.since < ttlMs) return value.promise
    const entry = { promise: fetch(), since: monotonic() }
    value = entry
    entry.promise.catch(() => {
      if (value === entry) value = null
    })
    return entry.promise
  }
}
