/**
 * A door in front of a database. Shut, its server is away for whoever comes through it, connections that are open included. Hushed, it
 * takes everything and answers nothing, as after a power cut or behind a firewall that forgot the connection.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Gate {
  /** The database's, through the door. */
  readonly url: string
  shut(): Promise<void>
  /** After `shut`. */
  open(): Promise<void>
  /** Connections that are open say nothing any more; new ones work. */
  hush(): void
  /** The next command that holds this text is cut off: `before` the database has it, or `after` it was done and before its answer is seen. */
  cut(text: string, when: 'before' | 'after'): void
  close(): Promise<void>
}

export async function openGate(url: string): Promise<Gate> {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  let toCut: { readonly text: string; readonly when: 'before' | 'after' } | undefined
  const server = createServer((from) => {
    const to = connect(Number(target.port), target.hostname)
    for (const socket of [from, to]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    }
    from.on('data', (chunk) => {
      if (toCut === undefined || !chunk.toString('latin1').toLowerCase().includes(toCut.text)) return
      const { when } = toCut
      toCut = undefined
      from.unpipe(to)
      to.unpipe(from)
      if (when === 'before') to.destroy()
      else to.write(chunk)
      to.once('close', () => from.resetAndDestroy())
        .once('data', () => to.destroy())
        .resume()
    })
    from.pipe(to).pipe(from)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const shut = async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.resetAndDestroy()
    await closed
  }
  return {
    url: Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href,
    shut,
    async open() {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    hush() {
      for (const socket of sockets) socket.unpipe().pause()
    },
    cut(text, when) {
      toCut = { text, when }
    },
    async close() {
      if (server.listening) await shut()
    },
  }
}
