import { describe, expect, test } from 'vitest'
import fc from '../../../../base/testing/fast-check.ts'
import { readMessage } from '../requests.ts'
import { readDate, writeDate } from './dates.ts'
import { readNumber, writeNumber } from './numbers.ts'
import { acceptPacket, dataContent, dataPackets, PacketReader } from './packets.ts'
import { WireError, WireReader } from './reader.ts'
import { WireWriter } from './writer.ts'

const written = (write: (to: WireWriter) => void): WireReader => {
  const to = new WireWriter(4)
  write(to)
  return new WireReader(Buffer.from(to.take()))
}

describe('primitives', () => {
  test('whole numbers, texts and bytes of any length are read as they were written', () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat().filter((n) => n < 2 ** 48),
        fc.string(),
        fc.integer({ min: 1, max: 100_000 }),
        (number, text, size) => {
          const bytes = Buffer.alloc(size, number & 0xff)
          const from = written((to) => to.ub(number).text(text).bytes(bytes).bytes(null))
          expect([from.ub(), from.text()]).toEqual([number, text])
          expect(from.bytes()?.equals(bytes)).toBe(true)
          expect([from.bytes(), from.left]).toEqual([null, 0])
        },
      ),
    )
  })

  test('NUMBER: any decimal of up to 38 digits, in the form that needs no zeros', () => {
    const decimal = fc.tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 38n - 1n }), fc.integer({ min: 0, max: 60 }))
    fc.assert(
      fc.property(decimal, ([negative, digits, scale]) => {
        const padded = String(digits).padStart(scale + 1, '0')
        const part = scale === 0 ? '' : padded.slice(-scale).replace(/0+$/, '')
        const plain = `${padded.slice(0, padded.length - scale)}${part === '' ? '' : `.${part}`}`
        const text = negative && digits !== 0n ? `-${plain}` : plain
        expect(readNumber(written((to) => writeNumber(to, text)).bytes()!)).toBe(text)
      }),
    )
  })

  test.each([
    ['1', 'c102'],
    ['100', 'c202'],
    ['0.01', 'c002'],
    ['0', '80'],
    ['-0.00', '80'],
    ['-1', '3e6466'],
    ['123.45', 'c202182e'],
    ['1e20', 'cb02'],
    ['+5.', 'c106'],
  ])('NUMBER %s is %s', (text, hex) => {
    expect(
      written((to) => writeNumber(to, text))
        .bytes()
        ?.toString('hex'),
    ).toBe(hex)
  })

  test('what is no NUMBER or DATE is refused', () => {
    for (const text of ['', '.', 'abc', '1e200', '1e-140', '1,5', ' 1'])
      expect(() => written((to) => writeNumber(to, text))).toThrow(RangeError)
    for (const text of ['', '2024', '10/03/2024', '2024-03-10T02:30:00Z'])
      expect(() => written((to) => writeDate(to, text, true))).toThrow(RangeError)
  })

  test('DATE and TIMESTAMP: any wall-clock time from year 1 to 9999; a shift makes an instant a wall clock', () => {
    const times = fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: 999_999_999 }), (time, nanoseconds) => {
        const seconds = time.toISOString().slice(0, 19).replace('T', ' ')
        const fraction = nanoseconds === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`
        expect(readDate(written((to) => writeDate(to, seconds, false)).bytes()!)).toBe(seconds)
        expect(readDate(written((to) => writeDate(to, seconds + fraction, true)).bytes()!)).toBe(seconds + fraction)
      }),
    )
    const bytes = written((to) => writeDate(to, '2024-03-10 01:30:00', false)).bytes()!
    expect(readDate(bytes, -180)).toBe('2024-03-09 22:30:00')
  })
})

describe('packets', () => {
  test('a message of any size is cut into packets of at most the SDU and put together again, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 5000 }),
        fc.integer({ min: 512, max: 2000 }),
        fc.integer({ min: 1, max: 700 }),
        (message, sdu, cut) => {
          const packets = dataPackets(Buffer.from(message), sdu)
          const reader = new PacketReader()
          reader.large = true
          const found = []
          for (let from = 0; from < packets.length; from += cut) found.push(...reader.push(packets.subarray(from, from + cut)))
          expect(found.every(({ bytes }) => bytes.length <= sdu)).toBe(true)
          expect(Buffer.concat(found.map(dataContent)).equals(message)).toBe(true)
        },
      ),
    )
  })

  test('a length that no packet has is refused', () => {
    expect(() => [...new PacketReader().push(Buffer.alloc(20))]).toThrow(RangeError)
    expect([...new PacketReader().push(acceptPacket(8192))]).toHaveLength(1)
  })
})

test('noise instead of a request is a WireError or a RangeError, soon', () => {
  const begun = fc.tuple(
    fc.constantFrom([3, 94, 1], [3, 118, 1], [3, 4, 1], [17, 105, 1], [17, 135, 1], []),
    fc.uint8Array({ maxLength: 300 }),
  )
  fc.assert(
    fc.property(begun, ([start, noise]) => {
      try {
        readMessage(Buffer.from([...start, ...noise]))
      } catch (error) {
        expect(error instanceof WireError || error instanceof RangeError).toBe(true)
      }
    }),
    { numRuns: 2000 },
  )
})
