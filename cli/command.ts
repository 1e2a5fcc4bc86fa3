/** What every command shares: settings, output, clean-up, exit code, and a SIGTERM that lets the current step end. */
import { PonteError } from '../base/error.ts'
import { readSettings, type Settings } from '../deploy/env.ts'
import { type Closer, createCloser } from './closer.ts'
import { type LogSettings, openLog } from './log.ts'
import { createOutput, type Output, report } from './output.ts'

/** What every kind of settings has. */
export type AnySettings = LogSettings

export interface CommandContext<S extends AnySettings = Settings> {
  readonly settings: S
  readonly output: Output
  readonly closer: Closer
  /** Aborts on SIGTERM and SIGINT. A second signal kills. */
  readonly signal: AbortSignal
}

/** Runs a command's body and sets the exit code: what it returns, or what its error says. Never throws. */
export function execute(options: { json?: boolean }, body: (context: CommandContext) => Promise<number>): Promise<void> {
  return executeWith(readSettings, options, body)
}

/** The same for a command that has settings of its own. */
export async function executeWith<S extends AnySettings>(
  read: () => S,
  options: { json?: boolean },
  body: (context: CommandContext<S>) => Promise<number>,
): Promise<void> {
  const closer = createCloser()
  const stop = new AbortController()
  const output = createOutput(options.json ?? false)
  const onSignal = () => {
    process.removeListener('SIGTERM', onSignal)
    process.removeListener('SIGINT', onSignal)
    output.note('Stopping when what is in flight has ended. A second signal stops at once; that loses nothing either.')
    stop.abort(
      new PonteError('command.stopped', 'stopped before the end', {
        hint: 'run the same command again: nothing is lost, nothing is done twice',
      }),
    )
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  let settings: S | null = null
  let code = 1
  try {
    settings = read()
    code = await body({ settings, output, closer, signal: stop.signal })
  } catch (error) {
    code = fail(error, output, settings)
  }
  try {
    await closer.close()
  } catch (error) {
    code = Math.max(code, fail(error, output, settings))
  }
  process.removeListener('SIGTERM', onSignal)
  process.removeListener('SIGINT', onSignal)
  output.end()
  process.exitCode = code
}

/** Says what happened; what nobody expected goes to the log too, with its stack. */
function fail(error: unknown, output: Output, settings: AnySettings | null): number {
  if (!(error instanceof PonteError) && settings) {
    try {
      openLog(settings).error({ err: error }, 'unexpected error')
    } catch {
      // The log itself may be what does not work; the screen still tells.
    }
  }
  return report(error, output, settings?.logFile ?? null)
}
