/** What errors of an ERP's database mean, as far as all dialects say it alike. Messages name objects, never values of rows or passwords. */
import { PonteError } from '../../base/error.ts'

export interface Meaning {
  readonly code: string
  readonly message: string
  readonly hint: string
  /** 2: the settings are wrong, and trying again cannot help. */
  readonly exitCode?: 2
}

export const VALUE: Meaning = {
  code: 'erp.value_refused',
  message: 'the ERP database refuses a value: too long, out of range, of the wrong kind or against a constraint',
  hint: 'compare the line with the column it goes to; the cause names it',
}
export const TIMEOUT: Meaning = {
  code: 'erp.timeout',
  message: 'a command on the ERP database took too long or was cancelled',
  hint: 'look for locks and slow queries; raise the statement timeout if the command is in order',
}
export const DEADLOCK: Meaning = {
  code: 'erp.deadlock',
  message: 'transactions on the ERP database waited for each other, again and again',
  hint: 'nothing was changed, and the line is tried again; look what else writes there',
}
export const NO_SPACE: Meaning = {
  code: 'erp.storage_full',
  message: 'the ERP database has no room left',
  hint: 'give it room: its disk, its memory or, on Oracle, a tablespace, a quota of the user, undo or the archive area (the cause says which); nothing is lost, it is tried again',
}

const refusal = (message: string): Meaning => ({
  code: 'erp.write_refused',
  message,
  hint: 'ERROR_LOG in the ERP database says why; mend it there and requeue the line',
})
/** Raised by the procedures and triggers of sql/. */
export const REFUSED_MIRROR = refusal('the ERP refuses what the mirror should take')
export const REFUSED_UPDATE = refusal('the ERP client was not updated')
export const REFUSED_INSERT = refusal('the ERP client was not added')

/** @param variable that holds the whole URL of this dialect */
export const tls = (variable: string): Meaning => ({
  code: 'erp.tls',
  message: 'the encrypted connection to the ERP database could not be made',
  hint: `the cause says why; a certificate of your own authority is trusted when NODE_EXTRA_CA_CERTS names its file, and the certificate must name the host in DB_HOST or ${variable}`,
  exitCode: 2,
})

/** @param variable that holds the whole URL of this dialect */
export const readOnly = (variable: string): Meaning => ({
  code: 'erp.read_only',
  message: 'the ERP database takes no writes: it is a standby, or was set to read only',
  hint: `check that DB_HOST or ${variable} names the primary; nothing is lost, it is tried again`,
})

/** @param object what the message says besides @param cause without values of rows */
export function meant({ code, message, hint, exitCode }: Meaning, object: string, cause: unknown): PonteError {
  return new PonteError(code, message + object, { hint, cause, ...(exitCode ? { exitCode } : {}) })
}
