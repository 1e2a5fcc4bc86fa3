import { AsyncLocalStorage } from 'node:async_hooks'
import { format } from 'node:util'
import { type DestinationStream, type Logger, pino } from 'pino'
import { visibleJson } from '../visible.ts'
import { openLogFile, type Rotation } from './log-file.ts'
import { maskText } from './mask.ts'
import { scrub } from './scrub.ts'

export type Log = Logger
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

export interface LogOptions {
  /** Default `info`. */
  readonly level?: LogLevel
  /** Appended to, made with mode 0640 and its folders when missing. Default: stderr. */
  readonly file?: string
  /** When the file makes room for a new one. Default: never. */
  readonly rotation?: Rotation
  /** Which process or room speaks: the field `logger` of every line. */
  readonly name: string
}

const shared = new AsyncLocalStorage<Readonly<Record<string, string>>>()

/** Every line that is logged by `work`, and by whatever it calls, carries these fields too. */
export function withLogFields<T>(fields: Readonly<Record<string, string>>, work: () => T): T {
  return shared.run({ ...shared.getStore(), ...fields }, work)
}

/**
 * The one logger factory: JSON lines with ISO times, from which secrets and personal data are kept out.
 * Known keys are hidden whole at any depth, every other text is masked, also in errors, format arguments and children's
 * bindings. Lines are written synchronously, so that the last line before a crash is there; what the disk does not take is dropped.
 *
 * @throws Error when the file cannot be opened
 */
export function createLog(options: LogOptions): Log {
  const log = pino(
    {
      level: options.level ?? 'info',
      base: { pid: process.pid, logger: options.name },
      timestamp: pino.stdTimeFunctions.isoTime,
      // A copy: pino puts the line's own fields into it.
      mixin: () => ({ ...shared.getStore() }),
      formatters: { level: (label) => ({ level: label }), log: (fields) => scrub(fields) },
      // scrub already made errors plain; pino's own serializer would join the messages of causes.
      serializers: { err: (err: unknown) => err },
      hooks: {
        logMethod(args, method) {
          method.apply(this, maskedArguments(args as unknown[]) as Parameters<typeof method>)
        },
      },
    },
    visibleTo(options.file === undefined ? standardError() : openLogFile(options.file, options.rotation ?? null)),
  )
  // pino resets its binding formatter in children: scrub before it sees them. Children inherit this method.
  const child = log.child
  log.child = function scrubbedChild(this: Log, bindings, childOptions) {
    return child.call(this, scrub(bindings), childOptions) as never
  } as typeof log.child
  return log
}

/** Whoever follows a log does so on a terminal; the lines are the same JSON. */
const visibleTo = (to: Pick<DestinationStream, 'write'>): DestinationStream => ({ write: (line) => void to.write(visibleJson(line)) })

/** A reader that went away, or a full disk behind it, must not end the process. */
function standardError(): DestinationStream {
  return pino.destination({ dest: 2, sync: true }).on('error', () => {})
}

/** pino takes (fields?, message?, ...values): values are put into the message here, so that they are masked with it. */
function maskedArguments(args: unknown[]): unknown[] {
  const [first, ...rest] = args
  if (typeof first === 'string') return [maskText(rest.length === 0 ? first : format(first, ...rest))]
  if (first instanceof Error) return [{ err: first }, maskText(rest.length === 0 ? first.message : format(...(rest as [unknown])))]
  if (rest.length === 0) return [first]
  return [first, maskText(format(...(rest as [unknown])))]
}
