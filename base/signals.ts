/**
 * What happens in a process, for whoever watches it (Node's diagnostics_channel). Who does the work says what happened and knows nobody who
 * listens; with nobody listening it costs a look at a flag. No value of a row and nothing personal is ever in a signal.
 */
import { type ChannelListener, channel } from 'node:diagnostics_channel'

export interface Signal<T extends object> {
  /** `make` is called only when somebody listens. */
  emit(make: () => T): void
  /** What `listener` throws is dropped: watching never ends the watched. @returns what ends it */
  listen(listener: (event: T) => void): () => void
}

function signal<T extends object>(name: string): Signal<T> {
  const line = channel(name)
  return {
    emit(make) {
      if (line.hasSubscribers) line.publish(make())
    },
    listen(listener) {
      const subscriber: ChannelListener = (event) => {
        try {
          listener(event as T)
        } catch {
          // See above.
        }
      }
      line.subscribe(subscriber)
      return () => void line.unsubscribe(subscriber)
    },
  }
}

/** One request that the CRM was sent, repeats included. */
export interface CrmRequest {
  /** Method and endpoint. */
  readonly call: string
  /** too_many: HTTP 429, or its like. failed: network, 5xx, unreadable. token, elsewhere: the settings are wrong. */
  readonly outcome: 'done' | 'refused' | 'too_many' | 'failed' | 'token' | 'elsewhere'
  /** The wait for the quota included. */
  readonly ms: number
}

/** One request that the HTTP API answered. */
export interface HttpRequest {
  readonly method: string
  /** The route's pattern; null: no route. */
  readonly route: string | null
  readonly status: number
  readonly ms: number
}

export interface RunEnded {
  readonly job: string
  readonly status: 'success' | 'skipped' | 'failed' | 'stopped'
  readonly ms: number
}

/** The disk did not take a line of the log. */
export type LogLineDropped = Readonly<Record<never, never>>

export const signals = {
  crmRequest: signal<CrmRequest>('ponte.crm.request'),
  httpRequest: signal<HttpRequest>('ponte.http.request'),
  runEnded: signal<RunEnded>('ponte.run.ended'),
  logLineDropped: signal<LogLineDropped>('ponte.log.dropped'),
}
