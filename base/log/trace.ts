/**
 * Spans around what takes time: runs, requests, calls of the CRM. Without a tracer (no endpoint is configured) `inSpan` calls its work and
 * nothing else; OpenTelemetry is loaded by `otlp.ts` only when there is one.
 */

export interface SpanOptions {
  /** Low cardinality: a route's pattern, a job, method and endpoint. */
  readonly name: string
  readonly kind: 'server' | 'client' | 'internal'
  readonly attributes?: Attributes
  /** W3C `traceparent` of whoever asked for this. */
  readonly parent?: string | undefined
}

/** Never personal data: they leave the house. */
export type Attributes = Readonly<Record<string, string | number | boolean>>

export interface Span {
  /** For a name that is known only at the end. */
  rename(name: string): void
  set(attributes: Attributes): void
  /** What it stands for went wrong; `code` says what, without a message that could hold values. */
  fail(code: string): void
}

export interface Tracer {
  /** Runs `work` inside a span, which ends with it. What `work` throws is noted by its code and thrown on. */
  span<T>(options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>
}

const nobody: Span = { rename() {}, set() {}, fail() {} }
let tracer: Tracer | null = null

/** null: no traces from now on. */
export function setTracer(next: Tracer | null): void {
  tracer = next
}

/** @returns what `work` returns. @throws what `work` throws */
export function inSpan<T>(options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  return tracer === null ? work(nobody) : tracer.span(options, work)
}
