import { randomFillSync } from 'node:crypto'

/** Random numbers from 0 up to 1 in steps of 1/256, drawn from the system by the page: ulid asks for them one by one, which is slow. */
export function pooledRandom(): () => number {
  const pool = Buffer.alloc(4096)
  let next = pool.length
  return () => {
    if (next === pool.length) {
      randomFillSync(pool)
      next = 0
    }
    return pool[next++]! / 256
  }
}
