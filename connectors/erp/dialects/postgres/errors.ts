/** What a PostgreSQL error means for the person on call. Messages name objects, never values of rows or passwords. */
import { PonteError } from '../../../../base/error.ts'
import { isTls } from '../../../tls.ts'
import {
  DEADLOCK,
  type Meaning,
  meant,
  NO_SPACE,
  REFUSED_INSERT,
  REFUSED_MIRROR,
  REFUSED_UPDATE,
  readOnly,
  TIMEOUT,
  tls,
  VALUE,
} from '../../error-meanings.ts'

const REFUSED: Meaning = {
  code: 'erp.login_refused',
  message: 'the ERP database refuses the login',
  hint: 'check user and password (DB_USER, DB_PASSWD or DATABASE_URL) and the pg_hba.conf of the server',
  exitCode: 2,
}
const UNREACHABLE: Meaning = {
  code: 'erp.unreachable',
  message: 'the ERP database does not answer',
  hint: 'check host and port (DB_HOST, DB_PORT or DATABASE_URL), and whether the server runs and lets this machine in',
}
const TLS = tls('DATABASE_URL')
const READ_ONLY = readOnly('DATABASE_URL')
const INCOMPLETE: Meaning = {
  code: 'erp.view_missing',
  message: 'the ERP database lacks an object that Ponte needs',
  hint: 'run ponte migrate',
}

/** By SQLSTATE. */
const BY_STATE: Readonly<Record<string, Meaning>> = {
  '28P01': REFUSED,
  '28000': REFUSED,
  '3D000': {
    code: 'erp.database_missing',
    message: 'the ERP database does not exist on its server',
    hint: 'check its name (DB_SERVICE_NAME or DATABASE_URL), or create it',
    exitCode: 2,
  },
  '42P01': INCOMPLETE,
  '42883': INCOMPLETE,
  '42703': INCOMPLETE,
  '3F000': INCOMPLETE,
  '42501': {
    code: 'erp.permission_denied',
    message: 'the ERP database denies permission',
    hint: 'grant the user what sql/postgres/README.md lists; the cause names the object',
  },
  '53300': {
    code: 'erp.too_many_connections',
    message: 'the ERP database has no connection left',
    hint: 'raise max_connections there, or lower the number of readers',
  },
  '53100': NO_SPACE,
  '53200': NO_SPACE,
  '25006': READ_ONLY,
  '40P01': DEADLOCK,
  '40001': DEADLOCK,
  '55P03': TIMEOUT,
  '57014': TIMEOUT,
  P2020: REFUSED_MIRROR,
  P2012: REFUSED_UPDATE,
  P2001: REFUSED_INSERT,
}

/** The PonteError for whatever a query or a connection threw; a PonteError passes through. */
export function erpError(error: unknown): PonteError {
  if (error instanceof PonteError) return error
  const { code = '', message = '' } = error as { code?: string; message?: string }
  const meaning = BY_STATE[code] ?? (isOfTheRow(code) ? VALUE : isTls(error) ? TLS : isConnection(code, message) ? UNREACHABLE : undefined)
  if (meaning !== undefined) {
    const object = meaning === INCOMPLETE ? `: ${message}` : ''
    return meant(meaning, object, withoutDetail(error))
  }
  return new PonteError('erp.failed', `the ERP database failed${code === '' ? '' : ` (SQLSTATE ${code})`}`, {
    hint: 'the cause holds what the server said',
    cause: withoutDetail(error),
  })
}

/** A value that is too long, out of range, no time, no number, of a character that cannot be kept, or against a constraint: the row's fault. */
const isOfTheRow = (code: string): boolean => /^(22(00[1378]|021|P0[25])|23...)$/.test(code)

/** The line broke, or nobody answered on it: whether the last statement was done is not known. */
export const isLost = (error: unknown): boolean => {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  return isConnection(code, message)
}

function isConnection(code: string, message: string): boolean {
  return (
    /^(08|57P0)/.test(code) ||
    ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE'].includes(code) ||
    /timeout expired|timeout exceeded|Connection terminated|not queryable/i.test(message)
  )
}

/** The server's detail quotes the offending row, personal data included; it is taken off before anyone can print it. */
function withoutDetail(error: unknown): unknown {
  if (error instanceof Error && 'detail' in error) Object.assign(error, { detail: undefined, where: undefined })
  return error
}
