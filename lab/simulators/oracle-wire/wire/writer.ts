/** Builds one message of TTC; the counterpart of WireReader. Methods return the writer, so that a message reads as a line. */
export class WireWriter {
  #bytes: Buffer
  #at = 0

  constructor(capacity = 1024) {
    this.#bytes = Buffer.allocUnsafe(capacity)
  }

  get length(): number {
    return this.#at
  }

  u8(value: number): this {
    this.#reserve(1)
    this.#bytes[this.#at++] = value & 0xff
    return this
  }

  u8s(...values: number[]): this {
    for (const value of values) this.u8(value)
    return this
  }

  u16(value: number): this {
    return this.u8(value >> 8).u8(value)
  }

  u16le(value: number): this {
    return this.u8(value).u8(value >> 8)
  }

  /** The shortest form of a whole number from 0 to 2^48. */
  ub(value: number): this {
    if (value === 0) return this.u8(0)
    const size = value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x1000000 ? 3 : value < 0x100000000 ? 4 : 6
    // A size of 3 is right for a UB4, too long for a UB2, whose values never reach it.
    this.#reserve(size + 1)
    this.#bytes[this.#at++] = size
    this.#at = this.#bytes.writeUIntBE(value, this.#at, size)
    return this
  }

  ubs(...values: number[]): this {
    for (const value of values) this.ub(value)
    return this
  }

  /** The same `ub` several times. */
  repeat(count: number, value: number): this {
    for (let n = 0; n < count; n += 1) this.ub(value)
    return this
  }

  raw(value: Buffer): this {
    this.#reserve(value.length)
    this.#at += value.copy(this.#bytes, this.#at)
    return this
  }

  /** Null and empty are the same: length 0. Beyond 252 bytes the value goes in chunks. */
  bytes(value: Buffer | null): this {
    const length = value?.length ?? 0
    if (value === null || length === 0) return this.u8(0)
    if (length <= 252) return this.u8(length).raw(value)
    this.u8(254)
    for (let from = 0; from < length; from += 32_767) {
      const chunk = value.subarray(from, from + 32_767)
      this.ub(chunk.length).raw(chunk)
    }
    return this.ub(0)
  }

  /** A text that is its length as `ub` and then `bytes`. */
  text(value: string): this {
    const bytes = Buffer.from(value)
    this.ub(bytes.length)
    return bytes.length === 0 ? this : this.bytes(bytes)
  }

  /** What was written so far, as a view: valid until the next write. */
  take(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  /** Starts again in the same memory. */
  clear(): this {
    this.#at = 0
    return this
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + count))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}
