import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { PonteError } from '../../../base/error.ts'
import { openRelay, type Relay, type RelayDialect } from './relay.ts'

const ROWS = Buffer.alloc(256 * 1024, 7)
const HEAD = 5

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

interface Connection {
  readonly name: string
}

/** A relay over connections of these names; `rows` are what each request gets. */
async function relayOf(names: readonly string[], rows: RelayDialect<Connection, unknown>['rows']) {
  const discarded: string[] = []
  const relay: Relay<Connection> = await openRelay(
    names.map((name) => ({ name })),
    {
      rows,
      discard: async ({ name }) => void discarded.push(name),
      toError: (error) => (error instanceof PonteError ? error : new PonteError('test.failed', String(error), { hint: '' })),
    },
  )
  open.push(relay)
  return { relay, discarded }
}

async function reader(relay: Relay<Connection>): Promise<Socket> {
  const socket = connect(relay.address)
  open.push({ close: () => socket.destroy() })
  await once(socket, 'connect')
  socket.write('{}\n')
  return socket
}

/** Resolves once `holds` does; what the test says it must. */
async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 5_000; !holds(); await sleep(5)) if (Date.now() > end) throw new Error('it never came true')
}

describe('the relay', () => {
  test('waits for a reader that is slow, and then sends it every byte', async () => {
    let given = 0
    const { relay } = await relayOf(['first'], async function* () {
      while (given < 200) {
        given += 1
        yield ROWS
      }
    })
    const socket = await reader(relay)
    await until(() => given > 0)
    await sleep(100)
    expect(given).toBeLessThan(20)
    let bytes = 0
    for await (const chunk of socket) bytes += (chunk as Buffer).length
    expect(bytes).toBe(200 * (HEAD + ROWS.length))
  })

  test('gives up at once the connection of a reader that hung up while rows were waited for, and serves the others', async () => {
    let goOn: () => void = () => {}
    const { relay, discarded } = await relayOf(['first', 'second'], async function* ({ name }) {
      yield ROWS.subarray(0, 1000)
      if (name === 'second') await new Promise<void>((resolve) => (goOn = resolve))
      yield ROWS
    })
    const gone = await reader(relay)
    await once(gone, 'data')
    gone.destroy()
    await until(() => discarded.length > 0)
    expect(discarded).toEqual(['second'])
    // What a driver still has for it goes nowhere.
    goOn()
    const other = await reader(relay)
    let bytes = 0
    for await (const chunk of other) bytes += (chunk as Buffer).length
    expect(bytes).toBe(2 * HEAD + 1000 + ROWS.length)
    expect(discarded).toEqual(['second'])
  })

  test('gives up the connection of a reader that hung up while the relay waited for it', async () => {
    const { relay, discarded } = await relayOf(['only'], async function* () {
      for (;;) yield ROWS
    })
    const gone = await reader(relay)
    gone.pause()
    await sleep(100)
    gone.destroy()
    await until(() => discarded.length > 0)
    await expect(relay.lend(async () => {})).rejects.toMatchObject({ code: 'erp.snapshot_lost' })
  })

  test('when it closes, gives up what is lent and refuses who waits', async () => {
    const { relay, discarded } = await relayOf(['only'], async function* () {
      for (;;) yield ROWS
    })
    await once(await reader(relay), 'data')
    const waiting = expect(relay.lend(async () => {})).rejects.toMatchObject({ code: 'erp.snapshot_lost' })
    await relay.close()
    await waiting
    expect(discarded).toEqual(['only'])
  })
})
