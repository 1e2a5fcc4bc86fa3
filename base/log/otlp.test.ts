/** Traces against real collectors, and what they cost without one. The commands are traced in cli/serve/watch.test.ts. */
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { PonteError } from '../error.ts'
import { inSpan, setTracer, type Tracer } from './trace.ts'

let server: Server | undefined
let tracer: (Tracer & { close(): Promise<void> }) | undefined
afterEach(async () => {
  setTracer(null)
  await tracer?.close()
  server?.closeAllConnections()
  server?.close()
})

interface OtlpSpan {
  readonly name: string
  readonly traceId: string
  readonly parentSpanId?: string
  readonly spanId: string
  readonly status: { readonly code?: number }
  readonly attributes: { readonly key: string; readonly value: Record<string, unknown> }[]
}

/** @param answers false: it takes everything and never answers */
async function trace(answers: boolean): Promise<{ spans: OtlpSpan[]; troubles: string[]; bodies: () => string }> {
  const spans: OtlpSpan[] = []
  const troubles: string[] = []
  let all = ''
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      all += body
      const sent = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[] }
      for (const { scopeSpans } of sent.resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans)
      if (answers) response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  const { openOtlp } = await import('./otlp.ts')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`
  tracer = openOtlp({ url, headers: {}, serviceName: 'ponte', version: '1', process: 'test', onTrouble: (text) => troubles.push(text) })
  setTracer(tracer)
  return { spans, troubles, bodies: () => all }
}

test('without a tracer the work is called, and nothing of OpenTelemetry is loaded', async () => {
  await import('../../connectors/crm/call.ts')
  const work = inSpan({ name: 'x', kind: 'internal' }, async (span) => {
    span.set({ a: 1 })
    span.fail('code')
    return 7
  })
  expect(await work).toBe(7)
  const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('@opentelemetry'))
  expect(loaded).toEqual([])
})

test('spans nest across awaits and in parallel; a failure is its code, without the message', async () => {
  const { spans, bodies } = await trace(true)
  const one = (name: string) =>
    inSpan({ name: `run ${name}`, kind: 'internal' }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      await inSpan({ name: `call ${name}`, kind: 'client', attributes: { attempt: 1 } }, async () => {})
    })
  await Promise.all(['a', 'b'].map(one))
  const failing = inSpan({ name: 'failing', kind: 'server' }, async () => {
    throw new PonteError('erp.write_refused', 'about ana@x.com.br', { hint: '-' })
  })
  await expect(failing).rejects.toMatchObject({ code: 'erp.write_refused' })
  await tracer!.close()
  const span = (name: string) => spans.find((found) => found.name === name)!
  for (const name of ['a', 'b']) {
    expect(span(`call ${name}`)).toMatchObject({ traceId: span(`run ${name}`).traceId, parentSpanId: span(`run ${name}`).spanId })
  }
  expect(span('run a').traceId).not.toBe(span('run b').traceId)
  expect(span('failing').status.code).toBe(2)
  expect(span('failing').attributes).toContainEqual({ key: 'error.type', value: { stringValue: 'erp.write_refused' } })
  expect(bodies()).not.toContain('ana@')
})

test('a traceparent is followed; one that is nonsense is not', async () => {
  const { spans } = await trace(true)
  const ask = (parent: string) => inSpan({ name: parent, kind: 'server', parent }, async () => {})
  const good = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const bad = ['', 'x', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, `${good}-01`, good.toUpperCase()]
  for (const parent of [good, ...bad]) await ask(parent)
  await tracer!.close()
  expect(spans.find(({ name }) => name === good)).toMatchObject({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    parentSpanId: 'b7ad6b7169203331',
  })
  expect(spans.filter(({ traceId }) => traceId === '0af7651916cd43dd8448eb211c80319c')).toHaveLength(1)
  expect(spans).toHaveLength(1 + bad.length)
})

test('a collector that never answers holds neither the work nor the end up', { timeout: 30_000 }, async () => {
  const { troubles } = await trace(false)
  const startedAt = performance.now()
  for (let n = 0; n < 5_000; n++) await inSpan({ name: 'work', kind: 'internal' }, async () => {})
  expect(performance.now() - startedAt).toBeLessThan(10_000)
  const endingAt = performance.now()
  await tracer!.close()
  expect(performance.now() - endingAt).toBeLessThan(10_000)
  // Told, but not once for every span.
  expect(troubles.length).toBeLessThan(100)
})
