/**
 * In a network of its own: one request arrives, then packets get lost, a create is given up, packets pass again. Prints as JSON what became
 * of the create and what arrived, once the kernel holds nothing more for the server. argv: http or https, files of key and certificate.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { openHttp } from './http.ts'

const [scheme, key, cert] = process.argv.slice(2) as [string, string, string]
const arrived: string[] = []
const answer: RequestListener = (request, response) => {
  arrived.push(request.method ?? '')
  response.end('{"value":1}')
}
const server = scheme === 'http' ? createServer(answer) : createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, answer)
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo

/** Connections whose far end is the server: the client's, also those that no process owns any more. */
const toServer = (): number => {
  const [, ...lines] = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n')
  return lines.filter((line) =>
    line
      .trim()
      .split(/\s+/)[2]
      ?.endsWith(`:${port.toString(16).toUpperCase().padStart(4, '0')}`),
  ).length
}
const losePackets = (action: '-I' | '-D') => {
  const rule = ['INPUT', '-p', 'tcp', '--dport', String(port), '-j', 'DROP']
  execFileSync('iptables', [action, ...rule])
}

const http = openHttp({
  baseUrl: `${scheme}://127.0.0.1:${port}/v3/`,
  token: 't',
  connectTimeoutMs: 5_000,
  connections: 1,
  maxBodyBytes: 1_000,
})
const read = await http.exchange({ method: 'GET', path: 'Persons', timeoutMs: 10_000 })
losePackets('-I')
const create = await http.exchange({ method: 'POST', path: 'PersonsAdd', body: '{}', timeoutMs: 200 })
losePackets('-D')
while (toServer() > 0 && arrived.length < 2) await sleep(20)
console.log(JSON.stringify({ read: read.kind, create: create.kind, arrived }))
process.exit(0)
