/** `2026-01-31T12:00:00.000001Z`: UTC, microseconds, fixed width, so that text order is time order. */
export function microIso(micros: bigint): string {
  const whole = new Date(Number(micros / 1000n)).toISOString()
  return `${whole.slice(0, 23)}${(micros % 1000n).toString().padStart(3, '0')}Z`
}

/** The microseconds since 1970 in a text of the form that `microIso` writes. */
export function microsOf(iso: string): bigint {
  return BigInt(Date.parse(`${iso.slice(0, 23)}Z`)) * 1000n + BigInt(iso.slice(23, 26))
}

export interface Clock {
  /** Later than every earlier answer, whatever the machine's clock does. */
  next(): string
  /** No later answer will be at or before `iso`: called for every time found in the log. */
  atLeast(iso: string): void
}

/** The CRM's clock (`updateDate` has microseconds). `now` gives epoch milliseconds. */
export function createClock(now: () => number = Date.now): Clock {
  let last = 0n
  return {
    next() {
      const wall = BigInt(Math.floor(now())) * 1000n
      last = wall > last ? wall : last + 1n
      return microIso(last)
    },
    atLeast(iso) {
      const seen = microsOf(iso)
      if (seen > last) last = seen
    },
  }
}
