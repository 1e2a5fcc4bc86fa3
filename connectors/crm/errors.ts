import { PonteError } from '../../base/error.ts'
import { maskText } from '../../base/log/mask.ts'
import { isTls } from '../tls.ts'

/**
 * The CRM (or the way to it, the shared quota included) does not work right now: nobody's line is to blame and no attempt
 * of a line is spent.
 */
export class CrmUnavailable extends PonteError {
  /** A write may have happened: look it up before it is sent again. Always false for reads. */
  readonly inDoubt: boolean
  /** Milliseconds the CRM, or the breaker, asks us to wait; absent when nobody said. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, options: { inDoubt: boolean; retryAfterMs?: number | undefined; cause?: unknown; hint?: string }) {
    super('crm.unavailable', message, {
      hint:
        options.hint ??
        (isTls(options.cause)
          ? 'the certificate of API_URL, or of a proxy in between, is not accepted; NODE_EXTRA_CA_CERTS names the file of an authority of your own'
          : 'the CRM or the network to it has a problem; the work stays queued and goes on by itself when the CRM answers again'),
      ...(options.cause === undefined ? {} : { cause: options.cause }),
    })
    this.inDoubt = options.inDoubt
    this.retryAfterMs = options.retryAfterMs
  }
}

/** 401 and 403: the settings are wrong, so trying again cannot help. */
export function tokenRefused(what: string, status: number): PonteError {
  return new PonteError('crm.token_refused', `the CRM refused the token (${what}: HTTP ${status})`, {
    hint: 'check API_TOKEN (or API_TOKEN_FILE) against Settings > Integrations > "Token Exact API" in the CRM',
    exitCode: 2,
  })
}

/** A 404 or 405 in HTML, or about the path itself, is a web server speaking, not the CRM's API. */
export function endpointMissing(what: string, status: number): PonteError {
  return new PonteError('crm.endpoint_missing', `there is no CRM API at the configured address (${what}: HTTP ${status})`, {
    hint: 'check API_URL: it ends in the version, for example https://api.exactspotter.com/v3/',
    exitCode: 2,
  })
}

/** The CRM answered a read, readably, with something that its API does not promise. */
export function unexpectedAnswer(what: string, problem: string): PonteError {
  return new PonteError('crm.unexpected_answer', `${what}: ${problem}`, {
    hint: 'the CRM changed its API or something between changes its answers; nothing was written, report the call named here',
  })
}

/** The caller passed what no request can be built from. */
export function badArgument(message: string): PonteError {
  return new PonteError('crm.bad_argument', message, {
    hint: 'this is a fault in Ponte or in a queue file: see the line that was being sent',
  })
}

/** undici's errors may hold bytes of the answer, and a message may quote a header: keep name, code and masked message. */
export function harmlessCause(cause: unknown, token: string): Error {
  if (!(cause instanceof Error)) return new Error('not an error')
  const code = (cause as NodeJS.ErrnoException).code
  const clean: NodeJS.ErrnoException = new Error(maskText(cause.message.replaceAll(token, '[token]')))
  clean.name = cause.name
  if (typeof code === 'string') clean.code = code
  clean.stack = `${clean.name}: ${clean.message}`
  return clean
}
