/** What every command shares: settings, output, clean-up, exit code, and a SIGTERM that lets the current step end. */
import { readSettings, type Settings } from '../deploy/env.ts'
import { createOutput, type Output, report } from './output.ts'
import { type Closer, createCloser } from './wire.ts'

export interface CommandContext {
  readonly settings: Settings
  readonly output: Output
  readonly closer: Closer
  /** Aborts on SIGTERM and SIGINT. A second signal kills. */
  readonly signal: AbortSignal
}

/** Runs a command's body and sets the exit code: what it returns, or what its error says. Never throws. */
export async function execute(options: { json?: boolean }, body: (context: CommandContext) => Promise<number>): Promise<void> {
  const closer = createCloser()
  const stop = new AbortController()
  const onSignal = () => {
    process.removeListener('SIGTERM', onSignal)
    process.removeListener('SIGINT', onSignal)
    stop.abort()
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  const output = createOutput(options.json ?? false)
  let code: number
  try {
    code = await body({ settings: readSettings(), output, closer, signal: stop.signal })
  } catch (error) {
    code = report(error, output.json)
  }
  try {
    await closer.close()
  } catch (error) {
    code = Math.max(code, report(error, output.json))
  }
  process.removeListener('SIGTERM', onSignal)
  process.removeListener('SIGINT', onSignal)
  process.exitCode = code
}
