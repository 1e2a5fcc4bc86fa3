/** Failures of TLS as Node and the drivers of PostgreSQL, MySQL and Redis throw them: the other side answers, but its certificate or protocol is not accepted. */

/** Codes of OpenSSL's certificate check as Node names them (X509_V_ERR_*, node:tls "X509 certificate error codes"). */
const CERTIFICATE =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_\w+|(CERT|CRL)_\w+|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/
/** Node's and OpenSSL's own errors; and mysql2's, when the server has no TLS or ends the handshake. */
const PROTOCOL = /^(ERR_TLS_\w+|ERR_SSL_\w+|EPROTO|HANDSHAKE_(NO_SSL_SUPPORT|SSL_ERROR))$/

/** Whether the connection failed at TLS; trying again cannot help before somebody changes a setting or a certificate. */
export function isTls(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as { code?: unknown; message?: unknown }
  // pg says so without a code.
  return CERTIFICATE.test(String(code)) || PROTOCOL.test(String(code)) || message === 'The server does not support SSL connections'
}
