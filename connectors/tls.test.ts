/** A certificate that nobody vouches for, met by the clients of the CRM and of Redis over a real TLS server. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type Server } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CrmUnavailable } from './crm/errors.ts'
import { openHttp } from './crm/http.ts'
import { openQueueBackend } from './queue-backend/open.ts'
import { selfSigned } from './testing/certificate.ts'

let folder: string
let server: Server
let port: number
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ponte-tls-'))
  selfSigned(folder)
  const read = (name: string) => readFileSync(join(folder, name))
  server = createServer({ key: read('key.pem'), cert: read('cert.pem') }, (socket) => socket.on('error', () => {}))
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

test('the CRM: the hint says how its authority is trusted', async () => {
  const http = openHttp({
    baseUrl: `https://127.0.0.1:${port}/v3/`,
    token: 't',
    connectTimeoutMs: 5_000,
    connections: 1,
    maxBodyBytes: 1_000,
  })
  const exchange = await http.exchange({ method: 'GET', path: 'Leads', timeoutMs: 10_000 })
  await http.close()
  if (exchange.kind !== 'broken') throw new Error(exchange.kind)
  expect(exchange.written).toBe(false)
  expect(new CrmUnavailable('read', { inDoubt: false, cause: exchange.cause }).hint).toContain('NODE_EXTRA_CA_CERTS')
})

test('Redis: it is told as TLS, and trying again cannot help', async () => {
  const where = { redisUrl: `rediss://127.0.0.1:${port}`, stateUrl: '' }
  const options = { onError: () => {} } as unknown as Parameters<typeof openQueueBackend>[1]
  await expect(openQueueBackend(where, options)).rejects.toMatchObject({ code: 'queue_backend.redis_tls', exitCode: 2 })
})
