/** Pauses that can all be ended at once. */
export interface Naps {
  nap(ms: number): Promise<void>
  /** Ends the pauses that are under way, in the order in which they began. */
  wake(): void
}

export function createNaps(): Naps {
  const sleepers = new Set<() => void>()
  return {
    nap: (ms) =>
      new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          sleepers.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, ms)
        sleepers.add(wake)
      }),
    wake() {
      for (const wake of [...sleepers]) wake()
    },
  }
}
