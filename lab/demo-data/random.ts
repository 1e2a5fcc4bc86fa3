/**
 * Our own generator: sfc32, its 128-bit state mixed from (seed, stream, index). Every entity draws from a stream of its own,
 * so what is drawn for branch 7 depends on nothing but the seed and the 7. Not for secrets.
 */
const scramble = (value: number): number => {
  let x = Math.imul(value ^ (value >>> 16), 0x21f0aaad)
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
  return (x ^ (x >>> 15)) >>> 0
}

/** One number per purpose; adding a purpose leaves the others as they are. */
export const streams = {
  plan: 1,
  client: 2,
  branch: 3,
  contacts: 4,
  commerce: 5,
  credit: 6,
  mirror: 7,
  edit: 8,
  reference: 9,
  typed: 10,
} as const

export class Random {
  private a: number
  private b: number
  private c: number
  private d: number

  /** @param seed integer, 0 to 2^53-1 · @param stream one of `streams` · @param index which entity, 0 to 2^32-1 */
  constructor(seed: number, stream: number, index: number) {
    const low = seed >>> 0
    const high = Math.floor(seed / 0x1_0000_0000) >>> 0
    // Two chains: one of 32 bits would give some of a million entities the same data.
    const left = scramble(scramble(scramble(low + 0x9e3779b9) ^ high) ^ Math.imul(stream, 0x85ebca6b) ^ index)
    const right = scramble(scramble(scramble(high + 0x7f4a7c15) ^ low) + Math.imul(stream, 0xc2b2ae35) + Math.imul(index, 0x27d4eb2f))
    this.a = left
    this.b = right
    this.c = scramble(left ^ 0x6a09e667)
    this.d = 1
    for (let round = 0; round < 8; round++) this.next()
  }

  /** 0 to 2^32-1. */
  next(): number {
    const result = (((this.a + this.b) | 0) + this.d) | 0
    this.d = (this.d + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (((this.c << 21) | (this.c >>> 11)) + result) | 0
    return result >>> 0
  }

  /** 0 to `limit - 1`; limit up to 2^32. */
  below(limit: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * limit)
  }

  /** `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  /** True `percent` times in a hundred. */
  chance(percent: number): boolean {
    return this.next() < percent * 42_949_672.96
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  /** `cumulative` rises; answers the first place whose value exceeds a number drawn below its last. */
  place(cumulative: readonly number[]): number {
    const drawn = (this.next() / 0x1_0000_0000) * cumulative[cumulative.length - 1]!
    let low = 0
    let high = cumulative.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (cumulative[middle]! > drawn) high = middle
      else low = middle + 1
    }
    return low
  }

  /** `count` decimal digits as text. */
  digits(count: number): string {
    let text = ''
    while (text.length < count) text += String(this.below(10))
    return text
  }

  /** Fisher-Yates in place. */
  shuffle<T>(list: T[]): T[] {
    for (let last = list.length - 1; last > 0; last--) {
      const other = this.below(last + 1)
      const kept = list[last]!
      list[last] = list[other]!
      list[other] = kept
    }
    return list
  }
}
