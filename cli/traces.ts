/** Traces, when an endpoint is configured. Nothing of OpenTelemetry is loaded otherwise. */
import type { Logger } from 'pino'
import { setTracer } from '../base/log/trace.ts'
import type { Settings } from '../deploy/env.ts'
import type { Closer } from './closer.ts'
import { version } from './version.ts'

/** @param kind what the process is: the command's name */
export async function openTraces({ watch }: Settings, log: Logger, kind: string, closer: Closer): Promise<void> {
  if (watch.traces === null) return
  const { openOtlp } = await import('../base/log/otlp.ts')
  const tracer = openOtlp({ ...watch.traces, version, process: kind, onTrouble: (text) => log.debug({ text }, 'traces are not taken') })
  setTracer(tracer)
  closer.add(async () => {
    setTracer(null)
    await tracer.close()
  })
}
