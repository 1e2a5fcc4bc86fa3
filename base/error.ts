/**
 * What every room throws when it is surprised. Expected outcomes are values, never this.
 *
 * `code` is stable and machine readable (`room.what`), `hint` tells the person on call what to do next, `cause` keeps
 * the original. Neither message nor hint may hold a secret or personal data: both are printed.
 */
export class PonteError extends Error {
  readonly code: string
  readonly hint: string
  /** Exit code of the command line when this ends a command: 1 failed, 2 wrong usage or configuration, 3 stopped by a guard. */
  readonly exitCode: 1 | 2 | 3

  constructor(code: string, message: string, options: { hint: string; cause?: unknown; exitCode?: 1 | 2 | 3 }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'PonteError'
    this.code = code
    this.hint = options.hint
    this.exitCode = options.exitCode ?? 1
  }
}
