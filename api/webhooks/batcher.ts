/** Group commit for statements: what comes while one batch is under way goes into the next. */
export interface Batcher<T, R> {
  push(item: T): Promise<R>
}

interface Waiting<T, R> {
  readonly item: T
  readonly resolve: (result: R) => void
  readonly reject: (error: unknown) => void
}

/**
 * @param keysOf two items that share a key never stand in one batch; the order of those is kept
 * @param run does a batch; its results are in the order of its items, its failure is given to each of them
 */
export function createBatcher<T, R>(options: {
  keysOf: (item: T) => readonly string[]
  run: (items: readonly T[]) => Promise<readonly R[]>
  max: number
}): Batcher<T, R> {
  let waiting: Waiting<T, R>[] = []
  let busy = false

  const next = async (): Promise<void> => {
    busy = true
    while (waiting.length > 0) {
      const batch = take()
      try {
        const results = await options.run(batch.map(({ item }) => item))
        for (const [index, { resolve }] of batch.entries()) resolve(results[index] as R)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    busy = false
  }
  const take = (): Waiting<T, R>[] => {
    const taken = new Set<string>()
    const batch: Waiting<T, R>[] = []
    const rest: Waiting<T, R>[] = []
    for (const one of waiting) {
      const keys = options.keysOf(one.item)
      const fits = batch.length < options.max && !keys.some((key) => taken.has(key))
      // Also those of who must wait: nobody behind may pass.
      for (const key of keys) taken.add(key)
      if (fits) batch.push(one)
      else rest.push(one)
    }
    waiting = rest
    return batch
  }
  return {
    push: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject })
        // Not at once: the requests of this turn of the event loop go together.
        if (!busy) {
          busy = true
          setImmediate(next)
        }
      }),
  }
}
