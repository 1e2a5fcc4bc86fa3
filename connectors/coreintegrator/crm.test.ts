/** What each answer of the CRM means for the record, over real HTTP. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { openCustomerCrm } from './crm.ts'
import type { Answer, Customer } from './types.ts'

const customer: Customer = { id: 3, revision: 2, contentHash: 'abc', payload: '{"customerId":3,"name":"Zé","phone":null}' }

async function answerOf(handle: (request: IncomingMessage, response: ServerResponse) => void, timeoutMs = 5_000): Promise<Answer> {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const crm = openCustomerCrm({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/customers?tenant=1`, timeoutMs })
  try {
    return await crm.send(customer)
  } finally {
    server.closeAllConnections()
    server.close()
    await crm.close()
  }
}

describe('the CRM of CoreIntegrator', () => {
  test.each([
    [200, 'delivered'],
    [201, 'delivered'],
    [204, 'delivered'],
    [302, 'away'],
    [400, 'refused'],
    [401, 'away'],
    [404, 'away'],
    [408, 'failed'],
    [409, 'failed'],
    [422, 'refused'],
    [429, 'away'],
    [500, 'failed'],
    [503, 'away'],
  ])('answers %i: %s', async (status, kind) => {
    expect((await answerOf((_, response) => response.writeHead(status).end('{}'))).kind).toBe(kind)
  })

  test('gets the payload as it is, and the key', async () => {
    const seen: unknown[] = []
    await answerOf((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        seen.push(request.method, request.url, request.headers['idempotency-key'], request.headers['content-type'], body)
        response.writeHead(201).end()
      })
    })
    expect(seen).toEqual(['POST', '/customers?tenant=1', 'erp-3-2-abc', 'application/json', customer.payload])
  })

  test('that says when to come back is heard', async () => {
    expect(await answerOf((_, response) => response.writeHead(429, { 'retry-after': '2' }).end())).toEqual({
      kind: 'away',
      error: 'the CRM answered HTTP 429',
      retryAfterMs: 2_000,
    })
  })

  test.each([
    ['cuts the connection', (_: IncomingMessage, response: ServerResponse) => void response.destroy()],
    ['never answers', () => {}],
  ])('that %s is away, and the reason names no address', async (_, handle) => {
    const answer = await answerOf(handle, 300)
    expect(answer.kind).toBe('away')
    expect(JSON.stringify(answer)).not.toContain('127.0.0.1')
  })

  test.each([
    ['never ends its body', (_: IncomingMessage, response: ServerResponse) => void response.writeHead(201).write('{')],
    [
      'breaks off its body',
      (_: IncomingMessage, response: ServerResponse) =>
        void response.writeHead(201, { 'content-length': 9 }).write('{', () => response.destroy()),
    ],
  ])('that %s has said all with its status', async (_, handle) => {
    expect(await answerOf(handle, 300)).toEqual({ kind: 'delivered' })
  })

  test.each([
    ['a login page', 200, 'text/html', '<!DOCTYPE html><title>Entrar</title>', 'away'],
    ['a page without a type', 201, undefined, '\n  <html>', 'away'],
    ['JSON called HTML', 200, 'text/html', '{"id":1}', 'delivered'],
    ['a word', 200, 'text/plain', 'OK', 'delivered'],
    ['nothing', 201, undefined, '', 'delivered'],
  ])('that answers with %s', async (_, status, type, body, kind) => {
    const answer = await answerOf((_, response) => response.writeHead(status, type === undefined ? {} : { 'content-type': type }).end(body))
    expect(answer.kind).toBe(kind)
  })

  test('that is not there is away', async () => {
    const crm = openCustomerCrm({ url: 'http://127.0.0.1:9/customers', timeoutMs: 1_000 })
    expect(await crm.send(customer)).toEqual({ kind: 'away', error: 'no answer of the CRM (ECONNREFUSED)' })
    await crm.close()
  })
})
