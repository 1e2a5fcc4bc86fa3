/** The tracer that sends to an OpenTelemetry collector (OTLP over HTTP, JSON). Import it only when an endpoint is configured: it is large. */
import {
  type Context,
  context,
  diag,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { PonteError } from '../error.ts'
import type { Attributes, Span, SpanOptions, Tracer } from './trace.ts'

export interface OtlpOptions {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
  readonly version: string
  /** api, worker... */
  readonly process: string
  /** The collector does not take what it is sent. Called as often as that happens. */
  readonly onTrouble: (text: string) => void
}

/** Longer than this the end of the process does not wait for a collector. */
const FLUSH_MS = 3_000

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const

/**
 * Spans wait in memory (2,048 at most, then new ones are dropped) and leave in batches every second: a collector that is away or hangs
 * holds nothing up.
 */
export function openOtlp(options: OtlpOptions): Tracer & { close(): Promise<void> } {
  diag.setLogger({ error: options.onTrouble, warn: options.onTrouble, info() {}, debug() {}, verbose() {} })
  const exporter = new OTLPTraceExporter({ url: options.url, headers: { ...options.headers }, timeoutMillis: FLUSH_MS })
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.serviceName,
      'service.version': options.version,
      'ponte.process': options.process,
      'process.pid': process.pid,
    }),
    spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1_000, exportTimeoutMillis: FLUSH_MS })],
  })
  // For the spans inside a span: it keeps the current one across awaits.
  provider.register({ propagator: null })
  const tracer = provider.getTracer('ponte')

  return {
    span<T>({ name, kind, attributes = {}, parent }: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
      return tracer.startActiveSpan(name, { kind: kinds[kind], attributes: { ...attributes } }, within(parent), async (span) => {
        try {
          return await work(handle(span))
        } catch (error) {
          fail(span, error instanceof PonteError ? error.code : error instanceof Error ? error.name : 'unknown')
          throw error
        } finally {
          span.end()
        }
      })
    },
    async close() {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, FLUSH_MS)
      })
      await Promise.race([provider.shutdown().catch(() => {}), late])
      clearTimeout(timer)
      context.disable()
      trace.disable()
      diag.disable()
    },
  }
}

const handle = (span: OtelSpan): Span => ({
  rename: (name) => void span.updateName(name),
  set: (attributes: Attributes) => void span.setAttributes({ ...attributes }),
  fail: (code) => fail(span, code),
})

/** No message and no stack: both can hold what a row held. */
function fail(span: OtelSpan, code: string): void {
  span.setAttribute('error.type', code)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

function within(parent: string | undefined): Context {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(parent ?? '') ?? []
  if (traceId === undefined || spanId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return context.active()
  const traceFlags = Number.parseInt(flags!, 16) & TraceFlags.SAMPLED
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true })
}
