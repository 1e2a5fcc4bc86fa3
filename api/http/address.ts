/** Where a request comes from. */
import { BlockList, isIP, isIPv6 } from 'node:net'
import type { Context } from 'hono'
import type { ApiEnv } from './types.ts'

/** @param list addresses and CIDR networks, as the settings have checked them */
export function networks(list: readonly string[]): (address: string) => boolean {
  if (list.length === 0) return () => false
  const block = new BlockList()
  for (const entry of list) {
    const [address = '', bits] = entry.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) block.addAddress(address, family)
    else block.addSubnet(address, Number(bits), family)
  }
  return (address) => block.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/**
 * The client's address: the peer's, or, when the peer is a trusted proxy, the last address of X-Forwarded-For that is no
 * trusted proxy's. What stands before that one, anybody may have written.
 * @returns null when there is no connection (a test)
 */
export function clientAddress(trusted: (address: string) => boolean): (c: Context<ApiEnv>) => string | null {
  return (c) => {
    let address = plainAddress(c.env?.incoming?.socket?.remoteAddress ?? '')
    if (address === '') return null
    if (!trusted(address)) return address
    const hops = (c.req.header('x-forwarded-for') ?? '').split(',').map((hop) => plainAddress(hop.trim()))
    for (const hop of hops.reverse()) {
      if (isIP(hop) === 0) return address
      address = hop
      if (!trusted(hop)) return address
    }
    return address
  }
}

/** An IPv4 address on an IPv6 socket, as itself. */
export const plainAddress = (address: string): string =>
  address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address

/** What is counted together: an IPv4 address, or the /64 that one IPv6 site owns whole. */
export function rateKey(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = tail === undefined ? left : [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  return groups.slice(0, 4).join(':')
}
