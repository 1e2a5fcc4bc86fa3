/** How to reach an ERP on Oracle. Plain data: it is cloned into reader threads. May hold passwords: never log it. */
import type oracledb from 'oracledb'
import { PonteError } from '../../../../base/error.ts'

export interface OracleSettings {
  /**
   * oracle://user:password@<connect string>, with whatever the driver takes for one: `host:1521/service`, several hosts, `/service:pooled`,
   * Easy Connect parameters, a TNS alias of the folder in TNS_ADMIN, a whole `(DESCRIPTION=...)`. Parameters of ours: `protocol=tcps`;
   * `wallet=<folder>` and `wallet_password=<text>` for TCPS; `client=<folder>` loads Oracle's own client library from there (thick) instead
   * of the driver's thin mode; `client=` from the usual places; `schema=<owner>` for a user in whose own schema the objects are not.
   */
  readonly url: string
  /** Connections for commands; those of readers come on top. 1 or more, default 4. */
  readonly maxConnections?: number
  /** Longest time of one round trip of a command in milliseconds, default 60,000. Reading a range is not limited by it. */
  readonly statementTimeoutMs?: number
  /** How long a command waits for a free connection of the pool, in milliseconds, default 60,000. */
  readonly queueTimeoutMs?: number
}

const CONNECT_LIMIT_S = 10
/** Until the listener has handed the connection on. */
const SESSION_LIMIT_S = 20
/** Minutes without traffic after which the line is probed, so that a firewall does not forget it. */
const PROBE_MINUTES = 2

/** Names of Easy Connect Plus (Oracle Net Services Administrator's Guide). The driver passes over those that it does not know, so a slip would go unseen. */
const EASY_CONNECT = new Set([
  ...['enable', 'failover', 'load_balance', 'recv_buf_size', 'send_buf_size', 'sdu', 'source_route', 'retry_count', 'retry_delay'],
  ...['connect_timeout', 'transport_connect_timeout', 'recv_timeout', 'expire_time', 'compression', 'use_sni', 'https_proxy'],
  ...['https_proxy_port', 'pool_connection_class', 'pool_purity', 'pool_boundary', 'service_tag', 'connection_id_prefix'],
  ...['wallet_location', 'ssl_server_dn_match', 'ssl_server_cert_dn', 'ssl_allow_weak_dn_match', 'tls_server_dn_match'],
  ...['tls_server_cert_dn', 'tls_allow_weak_dn_match'],
])

export interface OracleAddress {
  readonly attributes: Pick<
    oracledb.ConnectionAttributes,
    | 'user'
    | 'password'
    | 'connectString'
    | 'walletLocation'
    | 'walletPassword'
    | 'expireTime'
    | 'connectTimeout'
    | 'transportConnectTimeout'
  >
  /** Folder of Oracle's client library; '' for the usual places; undefined: thin. */
  readonly client: string | undefined
  /** Whose objects are meant by names alone; undefined: the user's own, or synonyms. */
  readonly schema: string | undefined
  /** The server may lend its session to others between two uses (DRCP), settings included. */
  readonly mayBePooled: boolean
}

/** @throws PonteError `erp.bad_url` */
export function addressOf(url: string): OracleAddress {
  const {
    user = '',
    password = '',
    place = '',
    query = '',
  } = /^oracle:\/\/(?:(?<user>[^:@]*)(?::(?<password>[^@]*))?@)?(?<place>[^?@]*)(?:\?(?<query>.*))?$/s.exec(url)?.groups ?? {}
  const parameters = new URLSearchParams(query)
  const ours = (name: string): string | undefined => {
    const value = parameters.get(name) ?? undefined
    parameters.delete(name)
    return value
  }
  const [protocol = 'tcp', wallet, walletPassword, client] = [ours('protocol'), ours('wallet'), ours('wallet_password'), ours('client')]
  const schema = ours('schema')
  // It goes into a statement as it is.
  if (schema !== undefined && !/^[A-Za-z][\w$#]{0,127}$/.test(schema)) throw badUrl()
  const reached = connectString(decode(place), protocol, parameters)
  return {
    attributes: {
      user: decode(user),
      password: decode(password),
      ...reached,
      expireTime: PROBE_MINUTES,
      ...(wallet === undefined ? {} : { walletLocation: wallet }),
      ...(walletPassword === undefined ? {} : { walletPassword }),
    },
    client,
    schema,
    mayBePooled: isAlias(reached.connectString) || /pooled/i.test(reached.connectString),
  }
}

const isAlias = (text: string): boolean => /^[A-Za-z][\w.$#-]*$/.test(text)

function connectString(place: string, protocol: string, parameters: URLSearchParams) {
  if (!['tcp', 'tcps'].includes(protocol) || [...parameters.keys()].some((name) => !EASY_CONNECT.has(name.toLowerCase()))) throw badUrl()
  // An alias and a description say for themselves how long to wait; where they do not, these count.
  if (isAlias(place) || /^\(.+\)$/s.test(place)) {
    if (parameters.size > 0) throw badUrl()
    return { connectString: place, connectTimeout: SESSION_LIMIT_S, transportConnectTimeout: CONNECT_LIMIT_S }
  }
  const [, hosts, service] = /^([^/]+)\/([\w.$#:/,-]{2,})$/.exec(place) ?? []
  if (hosts === undefined) throw badUrl()
  const port = /\]$|^[^:]+$/.test(hosts) ? `:${protocol === 'tcps' ? 2484 : 1521}` : ''
  const limits = { transport_connect_timeout: CONNECT_LIMIT_S, connect_timeout: SESSION_LIMIT_S }
  for (const [name, seconds] of Object.entries(limits)) if (!parameters.has(name)) parameters.set(name, String(seconds))
  return { connectString: `${protocol}://${hosts}${port}/${service}?${[...parameters].map((pair) => pair.join('=')).join('&')}` }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw badUrl()
  }
}

function badUrl(): PonteError {
  return new PonteError('erp.bad_url', 'the URL of the ERP database is not an oracle:// URL that Ponte understands', {
    hint: 'ORACLE_URL looks like oracle://user@host:1521/service, or has a TNS alias or a description after the @; parameters are protocol=tcps, wallet, client, schema and those of Easy Connect; special characters in user and password are percent-encoded',
    exitCode: 2,
  })
}
