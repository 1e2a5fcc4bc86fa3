/** A request that ends in the middle of a value, or holds what the driver never sends. */
export class WireError extends Error {}

/**
 * Reads the primitives of TTC from one whole request. Every method throws WireError when the bytes end too soon.
 * `ub` (UB2, UB4, UB8): a byte n, then n bytes, most significant first. `bytes`: a byte of length, or 254 and chunks.
 */
export class WireReader {
  readonly #from: Buffer
  #at = 0

  constructor(from: Buffer) {
    this.#from = from
  }

  get left(): number {
    return this.#from.length - this.#at
  }

  /** The next byte, left where it is; -1 at the end. */
  get next(): number {
    return this.#from[this.#at] ?? -1
  }

  u8(): number {
    return this.raw(1)[0]!
  }

  u16(): number {
    return this.raw(2).readUInt16BE(0)
  }

  ub(): number {
    const size = this.u8()
    if (size === 0) return 0
    if (size > 8) throw new WireError(`an integer of ${size} bytes`)
    if (size <= 6) return this.raw(size).readUIntBE(0, size)
    return Number(this.raw(size).reduce((value, byte) => value * 256n + BigInt(byte), 0n))
  }

  raw(count: number): Buffer {
    if (count > this.left) throw new WireError(`${count} bytes wanted, ${this.left} left`)
    this.#at += count
    return this.#from.subarray(this.#at - count, this.#at)
  }

  /** Steps over `ub` integers. */
  skipUbs(count: number): void {
    for (let n = 0; n < count; n += 1) this.ub()
  }

  skip(count: number): void {
    this.raw(count)
  }

  /** Null for length 0 and 255. */
  bytes(): Buffer | null {
    const length = this.u8()
    if (length === 0 || length === 255) return null
    if (length !== 254) return this.raw(length)
    const chunks: Buffer[] = []
    for (let size = this.ub(); size !== 0; size = this.ub()) chunks.push(this.raw(size))
    return Buffer.concat(chunks)
  }

  /** A length as `ub`, then the same text as `bytes` when it is not empty. */
  text(): string {
    return this.ub() === 0 ? '' : (this.bytes()?.toString('utf8') ?? '')
  }
}
