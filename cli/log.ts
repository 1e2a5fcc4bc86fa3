/** The log of commands: JSON lines for machines and for the person on call; what people see is output.ts. */
import type { Logger } from 'pino'
import { PonteError } from '../base/error.ts'
import { createLog } from '../base/log/log.ts'
import type { Settings } from '../deploy/env.ts'

export interface LogSettings extends Pick<Settings, 'logFile' | 'logLevel'> {
  readonly watch?: Pick<Settings['watch'], 'log'>
}

/** @throws PonteError `log.unwritable`, exit code 2 */
export function openLog({ logFile, logLevel, watch }: LogSettings): Logger {
  const rotation = watch ? { rotation: watch.log } : {}
  try {
    return createLog({ level: logLevel, name: 'ponte', ...(logFile === null ? {} : { file: logFile, ...rotation }) })
  } catch (cause) {
    throw new PonteError('log.unwritable', `the log ${logFile} cannot be written`, {
      hint: 'set STATE_DIR or LOG_FILE to a place that belongs to this user; LOG_FILE=- logs to standard error',
      cause,
      exitCode: 2,
    })
  }
}
