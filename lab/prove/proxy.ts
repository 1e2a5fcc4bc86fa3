/** A TCP proxy of one's own: resets, stands still, loses answers, is slow, or leads elsewhere. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { ExperimentContext } from './experiment.ts'

export type Mode =
  | 'open'
  /** Connections are reset, new ones too. */
  | 'reset'
  /** Nothing passes either way, and nobody is told. */
  | 'silent'
  /** Requests pass, answers do not. */
  | 'half'

export interface Proxy {
  readonly port: number
  mode: Mode
  /** Added to everything that passes, each way. */
  delayMs: number
  /** Where it leads. */
  target: { host: string; port: number }
  /** Ends what is open, with a reset. */
  cut(): void
  close(): void
}

/** Before the simulated CRM. @returns the proxy, and the rig's option that leads Ponte through it */
export async function crmProxy({ onEnd }: Pick<ExperimentContext, 'onEnd'>, seen?: Parameters<typeof openProxy>[1]) {
  const proxy = await openProxy({ port: 0 }, seen)
  onEnd(() => proxy.close())
  const crmUrl = (own: string) => {
    proxy.target.port = Number(new URL(own).port)
    return own.replace(/:\d+\//, `:${proxy.port}/`)
  }
  return { proxy, crmUrl }
}

/** @param seen is shown what passes, as text */
export async function openProxy(
  to: { host?: string; port: number },
  seen?: (from: 'client' | 'server', text: string) => void,
): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  const server = createServer((client) => {
    if (it.mode === 'reset') return void client.resetAndDestroy()
    const upstream = connect(it.target.port, it.target.host)
    const pair = [client, upstream] as const
    pairs.add(pair)
    // Bytes that were swallowed leave a gap: such a connection never passes anything again.
    let isDead = false
    const pass = (from: Socket, to: Socket, name: 'client' | 'server') => {
      from.on('data', (chunk: Buffer) => {
        isDead ||= it.mode === 'silent' || (it.mode === 'half' && name === 'server')
        if (isDead) return
        seen?.(name, chunk.toString('latin1'))
        if (it.delayMs === 0) to.write(chunk)
        else setTimeout(() => to.writable && to.write(chunk), it.delayMs)
      })
      from.on('error', () => to.destroy())
      from.on('close', () => {
        pairs.delete(pair)
        if (!isDead) setTimeout(() => to.end(), it.delayMs)
      })
    }
    pass(client, upstream, 'client')
    pass(upstream, client, 'server')
  })
  const it: Proxy = {
    ...{ port: 0, mode: 'open', delayMs: 0, target: { host: to.host ?? '127.0.0.1', port: to.port } },
    cut() {
      for (const [client, upstream] of pairs) {
        client.resetAndDestroy()
        upstream.destroy()
      }
    },
    close() {
      it.cut()
      server.close()
    },
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(it, { port: (server.address() as AddressInfo).port })
}
