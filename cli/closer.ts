/** What a command opens, it closes: in reverse order, and all of it even when one fails. */
export interface Closer {
  add(close: () => Promise<unknown>): void
  /** @throws the first error of all */
  close(): Promise<void>
}

export function createCloser(): Closer {
  const closes: (() => Promise<unknown>)[] = []
  return {
    add: (close) => void closes.push(close),
    async close() {
      const errors: unknown[] = []
      while (closes.length > 0) await closes.pop()!().catch((error) => errors.push(error))
      if (errors.length > 0) throw errors[0]
    },
  }
}
