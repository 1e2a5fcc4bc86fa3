/** Settings of the ERP database: one URL whose scheme is the dialect, written whole or in parts. */
import { isIPv6 } from 'node:net'
import { z } from 'zod'
import { oneOf, whole } from './values.ts'

/** May come from a file. */
export const erpSecrets = ['DB_PASSWD', 'DATABASE_URL', 'MYSQL_URL', 'ORACLE_URL', 'ORACLE_WALLET_PASSWORD'] as const

function url(protocols: RegExp, path: RegExp, example: string) {
  const message = `must be a URL such as ${example}, with special characters percent-encoded`
  return z.string().refine((text) => {
    const parsed = URL.canParse(text) ? new URL(text) : undefined
    return parsed !== undefined && protocols.test(parsed.protocol) && path.test(parsed.pathname)
  }, message)
}

export const postgresUrl = url(/^postgres(ql)?:$/, /^/, 'postgres://user@host:5432/database')

export const erpVariables = {
  ERP_DIALECT: oneOf(['postgres', 'mysql', 'oracle']).optional(),
  DATABASE_URL: postgresUrl.optional(),
  MYSQL_URL: url(/^(mysql|mariadb):$/, /^\/./, 'mysql://user@host:3306/database').optional(),
  ORACLE_URL: z
    .string()
    .regex(/^oracle:\/\/([^@]*@)?(\([^@]+\)|[^@/?()]+(\/[^@?]{2,})?)(\?\S*)?$/, {
      error:
        'must look like oracle://user@host:1521/service, or have a TNS alias or a description after the @; special characters in user and password are percent-encoded',
    })
    .optional(),
  ORACLE_PROTOCOL: oneOf(['tcp', 'tcps']).optional(),
  ORACLE_WALLET_DIR: z.string().optional(),
  ORACLE_WALLET_PASSWORD: z.string().optional(),
  /** Whose objects are meant, where DB_USER does not own them. */
  ORACLE_SCHEMA: z
    .string()
    .regex(/^[A-Za-z][\w$#]{0,127}$/, { error: 'must be the name of a schema, as PONTE_OWNER' })
    .optional(),
  /** A folder, or `system`: then the driver is thick. */
  ORACLE_CLIENT_DIR: z.string().optional(),
  DB_USER: z.string().optional(),
  DB_PASSWD: z.string().optional(),
  DB_HOST: z
    .string()
    .refine((text) => isIPv6(text) || /^[\w.-]+$/.test(text), 'must be a host name or an IP address, without port')
    .optional(),
  DB_PORT: whole(1, 65_535).optional(),
  DB_SERVICE_NAME: z.string().optional(),
}

type Env = z.infer<z.ZodObject<typeof erpVariables>>

const wholeUrls = { postgres: 'DATABASE_URL', mysql: 'MYSQL_URL', oracle: 'ORACLE_URL' } as const
const parts = ['DB_USER', 'DB_PASSWD', 'DB_HOST', 'DB_SERVICE_NAME'] as const

export interface ErpAddress {
  /** null: the embedded demo ERP. */
  readonly url: string | null
  /** Sentences; none: the URL counts. */
  readonly problems: readonly string[]
}

/** Where the ERP is, from the whole URL of its dialect or from DB_*. */
export function erpAddress(env: Env): ErpAddress {
  const given = Object.values(wholeUrls).filter((name) => env[name] !== undefined)
  if (given.length > 1 && !env.ERP_DIALECT) return wrong(`ERP_DIALECT is missing, but ${given.join(' and ')} are set`)
  const dialect = env.ERP_DIALECT ?? (env.MYSQL_URL ? 'mysql' : env.ORACLE_URL ? 'oracle' : 'postgres')
  const whole = env[wholeUrls[dialect]]
  if (whole) return oracled(dialect, whole, env)
  const missing = parts.filter((name) => env[name] === undefined)
  if (missing.length === parts.length && !env.ERP_DIALECT) return { url: null, problems: [] }
  const because = missing.length === parts.length ? 'ERP_DIALECT' : parts.filter((name) => env[name] !== undefined).join(', ')
  if (missing.length > 0) return wrong(...missing.map((name) => `${name} is missing, but ${because} is set`))
  const host = isIPv6(env.DB_HOST!) ? `[${env.DB_HOST}]` : env.DB_HOST!
  const login = `${encodeURIComponent(env.DB_USER!)}:${encodeURIComponent(env.DB_PASSWD!)}`
  const port = env.DB_PORT ?? (env.ORACLE_PROTOCOL === 'tcps' ? 2_484 : defaultPorts[dialect])
  return oracled(dialect, new URL(`${dialect}://${login}@${host}:${port}/${encodeURIComponent(env.DB_SERVICE_NAME!)}`).href, env)
}

const defaultPorts = { postgres: 5_432, mysql: 3_306, oracle: 1_521 } as const

/** What is set for Oracle beside its URL goes into the URL, which is all that a connector is told (connectors/erp/dialects/oracle/settings.ts). */
function oracled(dialect: keyof typeof wholeUrls, text: string, env: Env): ErpAddress {
  if (dialect !== 'oracle') return { url: text, problems: [] }
  const [place, query = ''] = text.split(/\?(.*)/s)
  const parameters = new URLSearchParams(query)
  const set = {
    protocol: env.ORACLE_PROTOCOL,
    wallet: env.ORACLE_WALLET_DIR,
    wallet_password: env.ORACLE_WALLET_PASSWORD,
    schema: env.ORACLE_SCHEMA,
    client: env.ORACLE_CLIENT_DIR === 'system' ? '' : env.ORACLE_CLIENT_DIR,
  }
  for (const [name, value] of Object.entries(set)) if (value !== undefined) parameters.set(name, value)
  return { url: parameters.size === 0 ? text : `${place}?${parameters}`, problems: [] }
}

const wrong = (...problems: string[]): ErpAddress => ({ url: null, problems })
