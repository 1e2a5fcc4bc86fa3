import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { openEvents, type Sent } from '../events.ts'
import type { Experiment } from '../experiment.ts'
import { quantile } from '../figures.ts'
import { openRig, takesInOnly } from '../rig.ts'

const senders = 1_000

export const experiment: Experiment = {
  number: 15,
  title: 'a thousand senders that never finish (slow-loris, R-U-Dead-Yet)',
  needs: [],
  async run(context) {
    const rig = await openRig(context)
    const api = await rig.api(takesInOnly)
    const { port, hostname } = new URL(rig.apiUrl)
    const sockets = new Set<Socket>()
    const ticks = new Set<NodeJS.Timeout>()
    let [isOver, opened] = [false, 0]
    context.onEnd(() => {
      isOver = true
      for (const tick of ticks) clearInterval(tick)
      for (const socket of sockets) socket.destroy()
    })
    /** Half of them drip headers, half a body; one that is hung up on comes back. */
    const drip = (isBody: boolean) => {
      if (isOver) return
      const socket = connect(Number(port), hostname)
      opened++
      sockets.add(socket)
      const head = `POST /atualizalead HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${rig.token}\r\n`
      socket.write(isBody ? `${head}Content-Length: 100000\r\n\r\n{` : head)
      const tick = setInterval(() => socket.writable && socket.write(isBody ? ' ' : 'X-A: b\r\n'), 3_000)
      ticks.add(tick)
      socket.on('error', () => {})
      socket.on('close', () => {
        clearInterval(tick)
        ticks.delete(tick)
        sockets.delete(socket)
        setTimeout(() => drip(isBody), 200)
      })
      socket.resume()
    }
    const events = openEvents(rig)
    // The machine's own pace, before anybody is slow.
    const calm: Sent[] = []
    for (let n = 0; n < 100; n++) calm.push(await events.send(5_000_000 + n))
    for (let n = 0; n < senders; n++) {
      drip(n % 2 === 0)
      if (n % 50 === 0) await sleep(20)
    }
    const seconds = context.long ? 300 : 40
    const answers: Promise<Sent>[] = []
    for (let n = 0; n < seconds * 10; n++) {
      answers.push(events.send(6_000_000 + n))
      await sleep(100)
    }
    const all = await Promise.all(answers)
    const p99 = quantile(
      all.map(({ ms }) => ms),
      0.99,
    )
    const limit = Math.max(
      1_000,
      4 *
        quantile(
          calm.map(({ ms }) => ms),
          0.99,
        ),
    )
    const refused = all.filter(({ status }) => status !== 200).length
    context.check('every good event is 200', refused === 0, `${refused} are not`)
    context.check(`within ${limit.toFixed(0)} ms (p99)`, p99 < limit, `${p99.toFixed(0)} ms`)
    context.check('the API lives', api.child.exitCode === null, `${api.child.exitCode}`)
    return {
      ...events.figures(),
      did: `${senders} slow senders for ${seconds} s, ${opened} connections in all; good events beside them in ${p99.toFixed(0)} ms (p99)`,
    }
  },
}
