/** Where a request comes from, and what is counted together. */
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { clientAddress, networks, rateKey } from './address.ts'
import type { ApiEnv } from './types.ts'

async function addressOf(peer: string | undefined, forwarded: string | null, trusted: readonly string[]): Promise<string | null> {
  const find = clientAddress(networks(trusted))
  const app = new Hono<ApiEnv>().get('/', (c) => c.json(find(c)))
  const env = peer === undefined ? {} : { incoming: { socket: { remoteAddress: peer } } }
  const response = await app.request('/', forwarded === null ? {} : { headers: { 'x-forwarded-for': forwarded } }, env)
  return (await response.json()) as string | null
}

describe('the address of a client', () => {
  test.each([
    ['is the peer', '203.0.113.9', null, [], '203.0.113.9'],
    ['is the peer, whatever it says of itself', '203.0.113.9', '198.51.100.1', [], '203.0.113.9'],
    ['is what a trusted proxy says', '10.0.0.1', '198.51.100.1', ['10.0.0.0/8'], '198.51.100.1'],
    ['is the last one before trusted proxies', '10.0.0.1', '192.0.2.66, 198.51.100.1, 10.0.0.2', ['10.0.0.0/8'], '198.51.100.1'],
    ['is the proxy when it says nothing', '10.0.0.1', null, ['10.0.0.0/8'], '10.0.0.1'],
    ['is the proxy when it says nonsense', '10.0.0.1', '198.51.100.1, nonsense', ['10.0.0.0/8'], '10.0.0.1'],
    ['is the first when all are trusted', '10.0.0.1', '10.0.0.3, 10.0.0.2', ['10.0.0.0/8'], '10.0.0.3'],
    ['is an IPv4 address, also on an IPv6 socket', '::ffff:203.0.113.9', null, [], '203.0.113.9'],
    ['may be IPv6', '::1', '2001:db8::7', ['::1'], '2001:db8::7'],
  ] as const)('%s', async (_, peer, forwarded, trusted, expected) => {
    expect(await addressOf(peer, forwarded, trusted)).toBe(expected)
  })

  test('is unknown without a connection', async () => {
    expect(await addressOf(undefined, '198.51.100.1', [])).toBeNull()
  })
})

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::7', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('%s is counted as %s', (address, key) => {
  expect(rateKey(address)).toBe(key)
})
