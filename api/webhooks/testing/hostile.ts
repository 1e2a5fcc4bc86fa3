/** Bodies that nobody should send, and some that somebody may. */
import { gzipSync } from 'node:zlib'
import fc from '../../../base/testing/fast-check.ts'

export interface Sent {
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
  /** In pieces and without a length. */
  readonly chunked: boolean
  /** A receiver that refuses it loses an event. */
  readonly good: boolean
}

const text = fc.string({ unit: 'binary', maxLength: 60 })
const fields = fc.record({ Id: fc.integer({ min: 1, max: 1e15 }), Stage: text, Company: text })
const extra = fc.oneof(fc.jsonValue({ depthSize: 'small' }), text)

/** NUL is refused by policy; a good text has none. */
const withoutNul = (json: string) => !json.includes('\\u0000')
const good = fc
  .tuple(fields, extra)
  .map(([lead, more]) => JSON.stringify({ Lead: lead, More: more }))
  .filter((json) => withoutNul(json) && !json.includes('__proto__'))

const repeated = (piece: string, min: number, max: number) => fc.integer({ min, max }).map((times) => piece.repeat(times))
const inside = (more: fc.Arbitrary<string>) =>
  fc.tuple(fields, more).map(([lead, piece]) => `{"Lead":${JSON.stringify(lead).slice(0, -1)},"x":${piece}}}`)

const hostile = fc.oneof(
  inside(repeated('[', 1, 100_000)),
  inside(fc.integer({ min: 1, max: 50_000 }).map((depth) => '{"a":'.repeat(depth) + 1 + '}'.repeat(depth))),
  inside(repeated('9', 1, 300_000)),
  inside(fc.constantFrom('1e999999999', '-0', '0.00000000000000000000000000000000000001', '1E400', '--1', '.5', 'NaN', 'Infinity')),
  fc
    .constantFrom('1e999', '-1', '0', '1.5', '"1"', 'null', 'true', '[]', '{}', `1${'0'.repeat(400)}`)
    .map((id) => `{"Lead":{"Id":${id},"Stage":"s","Company":"c"}}`),
  inside(fc.constantFrom('{"__proto__":{"a":1}}', '{"\\u005f_proto__":1}', '{"constructor":{"prototype":{"a":1}}}')),
  inside(fc.constantFrom('"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\u00"', '"\\x00"', '"\u0000"', '"\u0007"')),
  good.map((json) => `{"Lead":{"Id":"no"},${json.slice(1)}`),
  good.map((json) => `\ufeff${json}`),
  fc.json(),
  fc.string({ unit: 'binary', maxLength: 2_000 }),
)

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }).map((array) => Buffer.from(array)),
  // A good body with some bytes changed, removed or repeated.
  fc.tuple(good, fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.nat(2)), { minLength: 1, maxLength: 5 })).map(([json, edits]) => {
    let body = Buffer.from(json)
    for (const [where, byte, what] of edits) {
      const at = where % (body.length + 1)
      const piece = what === 0 ? Buffer.from([byte]) : what === 1 ? Buffer.alloc(0) : body.subarray(0, at)
      body = Buffer.concat([body.subarray(0, at), piece, body.subarray(at + (what === 2 ? 0 : 1))])
    }
    return body
  }),
  fc.integer({ min: 1024 * 1024 - 60, max: 1024 * 1024 + 60 }).map((size) => Buffer.alloc(size, '"')),
  fc.constant(Buffer.alloc(3 * 1024 * 1024, '[')),
)

const plain = { headers: {}, chunked: false, good: false }
/** 1:1000 */
const bomb = gzipSync(Buffer.alloc(10 * 1024 * 1024, '['))

export const sent: fc.Arbitrary<Sent> = fc.oneof(
  { weight: 4, arbitrary: good.map((json) => ({ ...plain, body: Buffer.from(json), good: true })) },
  { weight: 1, arbitrary: good.map((json) => ({ ...plain, body: Buffer.from(json), good: true, chunked: true })) },
  { weight: 6, arbitrary: hostile.map((json) => ({ ...plain, body: Buffer.from(json) })) },
  { weight: 3, arbitrary: bytes.map((body) => ({ ...plain, body })) },
  { weight: 1, arbitrary: bytes.map((body) => ({ ...plain, body, chunked: true })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('gzip', 'br', 'deflate', 'identity, gzip', 'x'), fc.constantFrom(bomb, Buffer.from('{}')))
      .map(([encoding, body]) => ({ ...plain, body, headers: { 'content-encoding': encoding } })),
  },
)
