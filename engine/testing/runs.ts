/** How often random tests run: a smoke count in CI, the full count with PONTE_TEST_LONG=1. The seed is printed on failure by fast-check. */
export function runs(smoke: number, full: number): number {
  return process.env.PONTE_TEST_LONG === '1' ? full : smoke
}

/** Time limit in milliseconds of a test whose counts grow. */
export const timeLimit = runs(60_000, 1_800_000)
