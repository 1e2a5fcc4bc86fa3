/**
 * Slow senders (slow-loris, R-U-Dead-Yet): `count` sockets that send a byte now and then, half of them headers without an end,
 * half a body that never comes to its end; who is cut off comes back. Arguments: port, count, token. Tells `{ open, cut }` when asked.
 */
import { connect, type Socket } from 'node:net'

const [port, count, token] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]!]
const open = new Set<Socket>()
let cut = 0

function start(slowHead: boolean): void {
  const socket = connect(port, '127.0.0.1')
  const auth = `Host: x\r\nAuthorization: Bearer ${token}\r\n`
  const pause = 500 + Math.random() * 500
  let timer: NodeJS.Timeout | undefined
  socket.on('connect', () => {
    open.add(socket)
    socket.write(
      slowHead ? 'POST /atualizalead HTTP/1.1\r\nX-Slow: ' : `POST /atualizalead HTTP/1.1\r\n${auth}Content-Length: 100000\r\n\r\n{"Lead":`,
    )
    timer = setInterval(() => socket.write('1'), pause)
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    clearInterval(timer)
    if (open.delete(socket)) cut += 1
    setTimeout(() => start(slowHead), 200)
  })
  socket.resume()
}

// Not all in one moment: that would test the listen queue.
for (let n = 0; n < count; n += 1) setTimeout(() => start(n % 2 === 0), n)
process.on('message', () => process.send!({ open: open.size, cut }))
